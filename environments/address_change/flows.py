"""A new address of an environment with users sends all of them elsewhere, so it waits until a second administrator
approves it, or for `limits.NEW_ADDRESS_WAITS`. The present address stays in force meanwhile."""

from __future__ import annotations

from enum import Enum, auto

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import notices, scope, sign_in_policy
from environments.models import Environment

MAY_CHANGE = "environments.change_environment"
NOTHING_WAITS = {"next_address": "", "next_address_at": None, "next_address_by": None}


class Outcome(Enum):
    DONE = auto()
    ONES_OWN = auto()  # who asked for it is not the second administrator
    CHANGED_MEANWHILE = auto()  # nothing waits any more, or another address than the page showed


def ask(environment: Environment, address: str, *, actor: User, origin: Origin) -> bool:
    """Let the address wait, replacing an earlier waiting one. The caller has locked the row. False when it waits
    already."""
    if environment.next_address == address:
        return False
    environment.next_address, environment.next_address_at = address, timezone.now()
    environment.next_address_by = actor
    environment.save(update_fields=list(NOTHING_WAITS))
    entry = _record(Event.ENVIRONMENT_ADDRESS_ASKED, environment, environment.address, address, actor, origin)
    for person in _recipients(environment, actor):
        sending.send(
            "environment_address_asked",
            person,
            actor=actor.email,
            environment=environment.name,
            organisation=environment.organisation.name,
            before=environment.address,
            after=address,
            hours=int(limits.NEW_ADDRESS_WAITS.total_seconds()) // 3600,
            address=settings.PUBLIC_URL + reverse("new_address", args=[environment.pk]),
            at=timezone.localtime(entry.at),
        )
    return True


@transaction.atomic
def approve(environment_id: int, shown: str, *, actor: User, origin: Origin) -> Outcome:
    """A second administrator approves the address. ``shown``: the one that the page showed."""
    environment = _locked(environment_id)
    if environment is None or not shown or environment.next_address != shown:
        return Outcome.CHANGED_MEANWHILE
    if environment.next_address_by_id == actor.pk:
        return Outcome.ONES_OWN
    _take_effect(environment, actor, origin)
    return Outcome.DONE


@transaction.atomic
def cancel(environment_id: int, shown: str, *, actor: User, origin: Origin) -> Outcome:
    environment = _locked(environment_id)
    if environment is None or not shown or environment.next_address != shown:
        return Outcome.CHANGED_MEANWHILE
    if not Environment.objects.filter(pk=environment.pk, next_address=shown).update(**NOTHING_WAITS):
        return Outcome.CHANGED_MEANWHILE
    entry = _record(Event.ENVIRONMENT_ADDRESS_CANCELLED, environment, environment.address, shown, actor, origin)
    _notify(entry, environment, actor)
    return Outcome.DONE


def cancel_all() -> dict[str, int]:
    """After a backup was restored: somebody may have cancelled them since. Returns how many, for the audit entry."""
    return {"new_addresses": Environment.objects.exclude(next_address="").update(**NOTHING_WAITS)}


def is_due(environment: Environment) -> bool:
    """Is the waiting period over, and does it take effect without approval?"""
    at = environment.next_address_takes_effect
    return at is not None and at <= timezone.now() and needs_no_approval(environment)


def needs_no_approval(environment: Environment) -> bool:
    """May the person who requested it still change addresses? Otherwise it waits for a second administrator."""
    asker = environment.next_address_by
    if asker is None or not (asker.is_active and asker.is_staff and asker.has_perm(MAY_CHANGE)):
        return False
    # The environment must still be in scope: it, or the person, may have moved meanwhile.
    return Environment.objects.filter(scope.organisations(asker, "organisation_id"), pk=environment.pk).exists()


@transaction.atomic
def take_effect_if_due(environment_id: int) -> bool:
    """Called when somebody opens the environment, so that the new address takes effect exactly on time."""
    environment = _locked(environment_id)
    if environment is None or not is_due(environment):
        return False
    # The actor is the person who requested it, not the one who happens to open the environment now.
    _take_effect(environment, environment.next_address_by, Origin())
    return True


def purge() -> int:
    """Apply the addresses whose waiting period is over, also where nobody opens them. Deletes nothing: returns 0."""
    since = timezone.now() - limits.NEW_ADDRESS_WAITS
    due = Environment.objects.exclude(next_address="").filter(next_address_at__lte=since)
    for pk in list(due.order_by("pk").values_list("pk", flat=True)):
        take_effect_if_due(pk)
    return 0


def _locked(environment_id: int) -> Environment | None:
    rows = Environment.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation")
    return rows.filter(pk=environment_id).first()


def _take_effect(environment: Environment, actor: User | None, origin: Origin) -> None:
    before, after = environment.address, environment.next_address
    # Conditional, because SQLite locks no rows: of two parallel requests one succeeds.
    same = Environment.objects.filter(pk=environment.pk, address=before, next_address=after)
    if not same.update(address=after, **NOTHING_WAITS):
        return
    entry = _record(Event.ENVIRONMENT_ADDRESS_CHANGED, environment, before, after, actor, origin)
    _notify(entry, environment, actor)


def _recipients(environment: Environment, actor: User | None) -> list[User]:
    """The organisation's administrators and the superusers: the second administrator is one of them."""
    found = {
        one.pk: one
        for one in (*sign_in_policy.administrators_of(environment.organisation), *sign_in_policy.superusers())
    }
    return [one for one in found.values() if one != actor]


def _notify(entry: AuditEntry, environment: Environment, actor: User | None) -> None:
    field = Environment._meta.get_field("address")
    before, after = str(entry.detail["before"]), str(entry.detail["after"])
    difference = notices.Difference("address", field.verbose_name, before, after)
    page = reverse("admin:environments_environment_change", args=[environment.pk])
    recipients = _recipients(environment, actor)
    notices.notify(entry, recipients, about=environment.name, page=page, differences=[difference])


def _record(
    event: Event, environment: Environment, before: str, after: str, actor: User | None, origin: Origin
) -> AuditEntry:
    detail: dict[str, str | int] = {"environment": environment.slug, "before": before, "after": after}
    whose = environment.organisation
    return record(event, subject=None, actor=actor, organisation=whose, origin=origin, detail=detail)
