"""Changes to an environment itself: each has an audit entry, and a mail to its administrators."""

from __future__ import annotations

from collections.abc import Iterable

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
from environments import tile_copies
from environments.address_change import flows as new_address
from environments.models import Access, Environment, GroupMapping

ENVIRONMENT = ShortName.Kind.ENVIRONMENT
EDITABLE = (
    *("organisation", "name", "slug", "place", "description", "address"),
    *("open_on_arrival", "is_closed", "closed_text"),
)
MOVE_TILES = {"organisation", "name"}


@transaction.atomic
def add(environment: Environment, *, actor: User, origin: Origin) -> None:
    environment.save()
    short_names.assign(ENVIRONMENT, environment.slug, owner=environment.pk)
    _record_and_notify(Event.ENVIRONMENT_ADDED, environment, [], actor, origin, address=environment.address)


@transaction.atomic
def change(environment: Environment, *, actor: User, origin: Origin) -> bool:
    """Store what differs. True when a new address waits for approval, see `environments.address_change`."""
    locked = Environment.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation")
    before = locked.get(pk=environment.pk)
    waits = False
    if environment.address != before.address and Access.objects.filter(environment=environment).exists():
        wanted, environment.address = environment.address, before.address
        waits = new_address.ask(before, wanted, actor=actor, origin=origin)
    differences = notices.differences(before, environment, EDITABLE)
    if environment.slug != before.slug:
        short_names.assign(ENVIRONMENT, environment.slug, owner=environment.pk, instead_of=before.slug)
    if differences:
        environment.save(update_fields=[one.name for one in differences])
        if MOVE_TILES & {one.name for one in differences}:
            tile_copies.store(environment)
        _record_and_notify(
            Event.ENVIRONMENT_CHANGED, environment, differences, actor, origin, besides=before.organisation
        )
    return waits


@transaction.atomic
def set_group_mappings(
    environment: Environment,
    kept: Iterable[GroupMapping],
    gone: Iterable[GroupMapping],
    *,
    actor: User,
    origin: Origin,
) -> None:
    """Store the rows that are new or changed, and delete the others: groups of the provider open the environment."""
    before = _mappings(environment)
    for row in gone:
        row.delete()
    for row in kept:
        row.save()
    after = _mappings(environment)
    if before != after:
        difference = Difference("group_mappings", GroupMapping._meta.verbose_name_plural, before, after)
        _record_and_notify(Event.ENVIRONMENT_CHANGED, environment, [difference], actor, origin)


def _mappings(environment: Environment) -> str:
    values = GroupMapping.objects.filter(environment=environment).order_by("value").values_list("value", flat=True)
    return ", ".join(values) or "-"


def picture_changed(environment: Environment, *, actor: User, origin: Origin) -> None:
    """Record it; the caller has stored or removed the picture."""
    number = environment.picture_version
    difference = Difference("picture", _("Picture"), f"{number - 1}", f"{number}")
    _record_and_notify(Event.ENVIRONMENT_CHANGED, environment, [difference], actor, origin)


def _record_and_notify(
    event: Event,
    environment: Environment,
    differences: list[Difference],
    actor: User,
    origin: Origin,
    *,
    besides: Organisation | None = None,
    **more: str,
) -> None:
    """In the audit trail of its organisation, and of the one that it belonged to before (``besides``)."""
    detail: dict[str, str | int] = {"environment": environment.slug, **more, **notices.audit_detail(differences)}
    page = reverse("admin:environments_environment_change", args=[environment.pk])
    notified: set[int] = set()
    for whose in {one.pk: one for one in (environment.organisation, besides) if one is not None}.values():
        entry = record(event, subject=None, actor=actor, organisation=whose, origin=origin, detail=detail)
        recipients = [one for one in sign_in_policy.recipients(whose, besides=actor) if one.pk not in notified]
        notified |= {one.pk for one in recipients}
        notices.notify(entry, recipients, about=environment.name, page=page, differences=differences)
