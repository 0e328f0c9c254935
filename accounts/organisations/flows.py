from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations import notices, short_names, sign_in_policy
from accounts.organisations.models import Organisation, ShortName
from accounts.organisations.notices import Difference

ORGANISATION = ShortName.Kind.ORGANISATION
EDITABLE = ("name", "slug", "colour", "contact")


@transaction.atomic
def add(organisation: Organisation, *, actor: User, origin: Origin) -> None:
    organisation.save()
    short_names.assign(ORGANISATION, organisation.slug, owner=organisation.pk)
    detail: dict[str, str | int] = {"name": organisation.name, "slug": organisation.slug}
    entry = record(
        Event.ORGANISATION_ADDED, subject=None, actor=actor, organisation=organisation, origin=origin, detail=detail
    )
    recipients = sign_in_policy.recipients(organisation, besides=actor)
    notices.notify(entry, recipients, about=organisation.name, page=_page(organisation))


@transaction.atomic
def change(organisation: Organisation, *, actor: User, origin: Origin) -> None:
    """Store what differs, and tell the organisation's administrators."""
    before = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    differences = notices.differences(before, organisation, EDITABLE)
    if not differences:
        return
    changed = [one.name for one in differences]
    organisation.save(update_fields=changed)
    if "slug" in changed:
        short_names.assign(ORGANISATION, organisation.slug, owner=organisation.pk, instead_of=before.slug)
        _forget_test(before)
    _record_and_notify(organisation, differences, about=before.name, actor=actor, origin=origin)


def logo_changed(organisation: Organisation, *, before: str, after: str, actor: User, origin: Origin) -> None:
    """Record it; the caller has stored or removed the logo. ``before`` and ``after``: its numbers, or "-"."""
    difference = Difference("logo", _("Logo"), before, after)
    _record_and_notify(organisation, [difference], about=organisation.name, actor=actor, origin=origin)


def _record_and_notify(
    organisation: Organisation, differences: list[Difference], *, about: str, actor: User, origin: Origin
) -> None:
    detail = notices.audit_detail(differences)
    entry = record(
        Event.ORGANISATION_EDITED, subject=None, actor=actor, organisation=organisation, origin=origin, detail=detail
    )
    recipients = sign_in_policy.recipients(organisation, besides=actor)
    notices.notify(entry, recipients, about=about, page=_page(organisation), differences=differences)


def _forget_test(organisation: Organisation) -> None:
    """The short name is part of the redirect URI, which must then be changed at the provider too: a test sign-in with
    the earlier one proves nothing."""
    # By the relation's name: the package of single sign-on is in a higher layer.
    connection = getattr(organisation, "connection", None)
    if connection is not None:
        type(connection).objects.filter(pk=connection.pk).update(tested_at=None)


@transaction.atomic
def delete(organisation: Organisation, *, actor: User, origin: Origin) -> None:
    """Raises ProtectedError while it has members, environments or a single sign-on connection."""
    recipients = sign_in_policy.recipients(organisation, besides=actor)
    detail: dict[str, str | int] = {"name": organisation.name, "slug": organisation.slug}
    entry = record(
        Event.ORGANISATION_DELETED, subject=None, actor=actor, organisation=organisation, origin=origin, detail=detail
    )
    short_names.reserve(ORGANISATION, organisation.slug, owner=organisation.pk)
    organisation.delete()
    notices.notify(
        entry, recipients, about=str(detail["name"]), page=reverse("admin:organisations_organisation_changelist")
    )


def _page(organisation: Organisation) -> str:
    return reverse("admin:organisations_organisation_change", args=[organisation.pk])
