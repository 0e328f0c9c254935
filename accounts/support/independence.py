"""Separation of duties: a worker who changed a person's address, or a colleague, may not open the account."""

from __future__ import annotations

from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.models import Membership
from accounts.support import unverified_changes
from accounts.support.models import Intervention, Kind


def changed_address(worker: User, subject: User) -> bool:
    """Did this worker, or a colleague of the same organisation, change this person's address in the last week, or since
    the second factor was used last? Together with a reset that would take over the account: words, link and a new
    password all go to the new mailbox. Workers for every organisation have no such colleagues."""
    moved = list(AuditEntry.objects.filter(subject=subject, event=Event.ADDRESS_CHANGED))
    if not moved:
        return False
    since, doubtful = (
        timezone.now() - limits.WARNING_PERIOD,
        {entry.pk for entry in unverified_changes.changes(subject)},
    )
    counting = [entry for entry in moved if entry.at > since or entry.pk in doubtful]
    return any(same_party(worker, changer) for changer in _changers(subject, counting))


def _changers(subject: User, moved: list[AuditEntry]) -> set[int]:
    """Who made these changes, and who approved them."""
    receipts = [entry.detail["receipt"] for entry in moved if "receipt" in entry.detail]
    agreed = Intervention.objects.filter(subject=subject, kind=Kind.ADDRESS, receipt__in=receipts)
    found = {entry.actor_id for entry in moved} | set(agreed.values_list("approved_by_id", flat=True))
    return {pk for pk in found if pk and pk != subject.pk}


def same_party(worker: User, other: int) -> bool:
    """Is ``other`` the same person, or a colleague whom the same organisation could instruct?"""
    if worker.pk == other:
        return True
    mine = None if scope.works_for_all(worker) else scope.organisation_id_of(worker)
    return mine is not None and Membership.objects.filter(user_id=other, organisation_id=mine).exists()
