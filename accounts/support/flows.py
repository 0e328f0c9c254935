"""What support staff may do to somebody else's account."""

from __future__ import annotations

from enum import Enum, auto

from django.db import transaction

from accounts.active_sessions import flows as sessions
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.support import reports
from accounts.throttling import flows as throttling
from accounts.throttling import known_browsers
from accounts.two_factor import devices

PERMISSION = "accounts.reset_second_factor"


class Outcome(Enum):
    RESET = auto()
    NOTHING_TO_RESET = auto()
    NOT_ALLOWED = auto()  # lacks the permission
    ONESELF = auto()
    REPORTED = auto()  # "Dit was ik niet" was pressed and nobody has looked yet
    OUTRANKED = auto()  # the person has rights that the actor lacks


def may_reset(actor: User, subject: User) -> Outcome | None:
    """Why the actor may not reset this person, or None."""
    if not (actor.is_active and actor.has_perm(PERMISSION)):
        return Outcome.NOT_ALLOWED
    if actor.pk == subject.pk:
        return Outcome.ONESELF
    if outranks(subject, actor):
        return Outcome.OUTRANKED
    return Outcome.REPORTED if reports.is_open(subject) else None


def outranks(subject: User, actor: User) -> bool:
    """Has the person a right that the actor lacks? Rights of somebody who is not active count too: they may return."""
    if actor.is_superuser:
        return False
    rights = User(pk=subject.pk, is_active=True, is_superuser=subject.is_superuser).get_all_permissions()
    return (
        subject.is_superuser or (subject.is_staff and not actor.is_staff) or not rights <= actor.get_all_permissions()
    )


@transaction.atomic
def reset_second_factor(subject: User, *, actor: User | None, reason: str, origin: Origin) -> Outcome:
    """Remove every device and set-up in progress, end every session, lift the waiting times, record it and mail it.

    ``actor`` None is the command line, which whoever administers the server may use on anybody.
    """
    subject = User.objects.select_for_update().get(pk=subject.pk)
    refusal = may_reset(actor, subject) if actor is not None else None
    if refusal is not None:
        record(
            Event.RESET_REFUSED,
            subject=subject,
            actor=actor,
            origin=origin,
            reason=reason,
            succeeded=False,
            detail={"cause": refusal.name.lower()},
        )
        return refusal
    throttling.hold(subject)
    if not devices.remove_all(subject):
        return Outcome.NOTHING_TO_RESET
    sessions.end_all(subject)
    throttling.forget(subject)
    known_browsers.forget_all(subject)
    record(Event.SECOND_STEP_RESET, subject=subject, actor=actor, origin=origin, reason=reason)
    return Outcome.RESET
