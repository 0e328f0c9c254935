"""Changes made through a mailbox that no second factor has vouched for since: a password, another address, or a report
"this was not me".

Read from the trail, which every such flow writes anyway; a flag on the account could be forgotten by one of them.
"""

from __future__ import annotations

from datetime import datetime
from itertools import count

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry
from accounts.models import User

PART = 20  # sign-ins that are read at once
BY_MAIL = Q(event=Event.PASSWORD_CHANGED, detail__way="mailed link")
MOVED = Q(event__in=ADDRESS_CHANGES)
_REPORTED = Q(event=Event.REPORTED_NOT_ME)
_PROOF = Q(event=Event.SIGNED_IN, succeeded=True, detail__factor__in=("totp", "passkey", "recovery_code"))
_FACTOR = Q(event__in=(Event.SECOND_STEP_ACTIVATED, Event.PASSKEY_ADDED)) | _PROOF


def changes(subject: User) -> list[AuditEntry]:
    """Oldest first. Proof is a later sign-in with a second factor that was linked `limits.NOT_ME_LINK` before it: so
    long a report undoes the linking. A newer one proves nothing, whether it was linked after the change or before:
    whoever made the change may have done both.

    Entries of earlier versions do not say what was shown; those sign-ins count.
    """
    mine = AuditEntry.objects.filter(subject=subject)
    found = list(mine.filter(BY_MAIL | MOVED | _REPORTED).order_by("pk"))
    if not found:
        return []
    newest = _newest_proof(mine.filter(_PROOF, pk__gt=found[0].pk).order_by("-pk"))
    return [one for one in found if one.pk > newest]


def _newest_proof(sign_ins: QuerySet[AuditEntry]) -> int:
    """The key of the newest of these that proves something, 0 without one. ``sign_ins``: the newest first. Read in
    parts: with a device of years, the first one is enough."""
    linked_at: dict[int, datetime] = {}
    for begin in count(0, PART):
        part = list(sign_ins.values_list("pk", "at", "detail")[begin : begin + PART])
        linked = {int(detail.get("linked") or 0) for _pk, _at, detail in part} - linked_at.keys()
        linked_at |= dict(AuditEntry.objects.filter(pk__in=linked).values_list("pk", "at"))
        for pk, at, detail in part:
            since = linked_at.get(int(detail.get("linked") or 0))
            if since is None or at >= since + limits.NOT_ME_LINK:
                return pk
        if len(part) < PART:
            return 0
    raise AssertionError("unreachable")


def former_addresses(subject: User) -> list[str]:
    """The earlier addresses in these changes, oldest first, `limits.FORMER_ADDRESSES` at most: they are told of
    everything that opens the account or is done to it meanwhile. Where there was no second factor there is nothing to
    prove it with; then for `limits.WARNING_PERIOD`. Not the addresses between leaving one and returning to it, by a
    report or an administrator: those were the thief's."""
    if not AuditEntry.objects.filter(MOVED, subject=subject).exists():
        return []  # nearly everybody, after one statement
    since = timezone.now() - limits.WARNING_PERIOD
    left: dict[str, str] = {}
    for entry in _moves(subject):
        before, after = (str(entry.detail.get(name, "")) for name in ("before", "after"))
        _go_back(left, before)  # entries of an administrator do not say where to
        if entry.event in ADDRESS_CHANGES and before and (entry.at > since or _had_factor(subject, entry)):
            left[before.casefold()] = before
        _go_back(left, after)
    _go_back(left, subject.email)
    return list(left.values())[: limits.FORMER_ADDRESSES]


def _moves(subject: User) -> list[AuditEntry]:
    """The unproved changes of address, with every return by a report since the first of them; oldest first."""
    moved = [one for one in changes(subject) if one.event in ADDRESS_CHANGES]
    if not moved:
        return []
    back = AuditEntry.objects.filter(subject=subject, event=Event.ADDRESS_RESTORED, pk__gt=moved[0].pk)
    return sorted([*moved, *back], key=lambda one: one.pk)


def _go_back(left: dict[str, str], address: str) -> None:
    """Forget this address, and those left after it."""
    names = list(left)
    if address.casefold() in left:
        for name in names[names.index(address.casefold()) :]:
            del left[name]


def _had_factor(subject: User, entry: AuditEntry) -> bool:
    return AuditEntry.objects.filter(_FACTOR, subject=subject, succeeded=True, pk__lt=entry.pk).exists()
