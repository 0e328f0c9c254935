"""Mail about a changed agreement with a provider: whoever holds it opens accounts, so no change of it stays unseen."""

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

NAMES: dict[str, Promise] = {
    "domain": _("Mail domain"),
    "by": _("Proved by"),
    "expires_on": _("secret expires on"),
    "key_id": _("Key"),
    "kind": _("Kind of key"),
}
SHORT: dict[str | int, str | Promise] = {"True": _("yes"), "False": _("no"), "": "-"}
VALUES: dict[str, Any] = {"vouching": Vouching, "missing_proof": MissingProof}


def record_change(
    event: Event,
    organisation: Organisation,
    *,
    actor: User,
    origin: Origin,
    detail: dict[str, str | int] | None = None,
    reason: str = "",
) -> None:
    """Write the entry of a change, in the caller's transaction, and mail it to the other administrators of the
    organisation; to superusers too when somebody belongs to it over whom it does not decide."""
    entry = record(
        event, subject=None, actor=actor, organisation=organisation, origin=origin, reason=reason, detail=detail
    )
    people = sign_in_policy.must_hear(organisation, besides=actor)
    if rank.has_people_above(organisation):
        people += [one for one in sign_in_policy.superusers() if one != actor and one not in people]
    for person in people:
        sending.send(
            "sso_settings_changed",
            person,
            entry=entry,
            organisation=organisation.name,
            actor=actor.email,
            changes=[_in_words(name, value) for name, value in entry.detail.items()],
            address=settings.PUBLIC_URL + reverse("sso_setup", args=[organisation.slug]),
            at=timezone.localtime(entry.at),
        )


def _in_words(name: str, value: str | int) -> tuple[Any, Any]:
    """Both still to be put into the language of whoever reads it."""
    label = NAMES[name] if name in NAMES else Connection._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    return label, VALUES[name](value).label if name in VALUES else SHORT.get(value, value)
