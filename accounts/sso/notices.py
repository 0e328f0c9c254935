"""Audit entry and mail for every change of a connection: whoever controls the provider can sign in as its people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import rank, sign_in_policy
from accounts.organisations.models import Organisation
from accounts.sso.models import Connection, MissingProof, Vouching

LABELS: dict[str, Promise] = {
    "domain": _("Mail domain"),
    "by": _("Proved by"),
    "expires_on": _("secret expires on"),
    "key_id": _("Key"),
    "kind": _("Kind of key"),
}
PLAIN_VALUES: dict[str | int, str | Promise] = {"True": _("yes"), "False": _("no"), "": "-"}
CHOICES: dict[str, Any] = {"vouching": Vouching, "missing_proof": MissingProof}


def record_change(
    event: Event,
    organisation: Organisation,
    *,
    actor: User,
    origin: Origin,
    detail: dict[str, str | int] | None = None,
    reason: str = "",
) -> None:
    """Record a change in the caller's transaction, and mail it to the other administrators of the organisation; also to
    superusers when the organisation has members over whom it does not decide."""
    entry = record(
        event, subject=None, actor=actor, organisation=organisation, origin=origin, reason=reason, detail=detail
    )
    for person in _recipients(organisation, actor):
        sending.send(
            "sso_settings_changed",
            person,
            entry=entry,
            organisation=organisation.name,
            actor=actor.email,
            changes=[_described(name, value) for name, value in entry.detail.items()],
            address=settings.PUBLIC_URL + reverse("sso_setup", args=[organisation.slug]),
            at=timezone.localtime(entry.at),
        )


def _recipients(organisation: Organisation, actor: User) -> list[User]:
    people = sign_in_policy.recipients(organisation, besides=actor)
    if rank.has_outranking_members(organisation):
        people += [one for one in sign_in_policy.superusers() if one != actor and one not in people]
    return people


def _described(name: str, value: str | int) -> tuple[Any, Any]:
    """Label and value, both lazily translated for the reader of the mail."""
    label = LABELS[name] if name in LABELS else Connection._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    return label, CHOICES[name](value).label if name in CHOICES else PLAIN_VALUES.get(value, value)
