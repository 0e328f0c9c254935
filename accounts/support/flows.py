"""Whom a worker of support may help: asked before every page shows something, and again when it is done."""

from __future__ import annotations

from enum import Enum, auto

from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KT

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations import scope
from accounts.organisations.rank import outranks
from accounts.support import reports

PERMISSION = "accounts.reset_second_factor"


class Refusal(Enum):
    NOT_ALLOWED = auto()  # lacks the permission
    OUT_OF_SCOPE = auto()  # somebody of another organisation than the worker works for
    ONESELF = auto()
    OUTRANKED = auto()  # the person has rights that the worker lacks
    OPENS_ELSEWHERE = auto()  # an environment of another organisation than the one that the worker works for
    REPORTED = auto()  # "Dit was ik niet" was pressed and nobody has looked yet
    INACTIVE = auto()  # the account is closed, so nothing can be linked
    NO_SECOND_STEP = auto()  # the password alone opens the account, so there is nothing to bridge
    NOTHING_TO_LIFT = auto()
    MONTH_IS_FULL = auto()  # what counts in a period is given back by time only
    LIFTED_OFTEN = auto()  # for this person, by all workers together
    PASSWORD_CLOSED = auto()  # every password is refused until there is a new one, so no code or link helps
    NOT_CHECKED = auto()  # the caller has not read the mailed words back to this worker
    CHANGED_ADDRESS = auto()  # mail to this person now goes where this worker chose
    STOPPED = auto()  # this worker has helped too many people in a short time
    ALREADY_ASKED = auto()  # this worker has asked for the same already
    NOT_READY = auto()  # waits for its approval, or is void, cancelled or done
    NOT_ONES_OWN = auto()  # only who asked may carry it out, and only another may approve


def may_help(worker: User, subject: User) -> Refusal | None:
    """Why this worker may do nothing to that account, or None."""
    if not (worker.is_active and worker.has_perm(PERMISSION)):
        return Refusal.NOT_ALLOWED
    if not scope.includes(worker, subject):
        return Refusal.OUT_OF_SCOPE
    if worker.pk == subject.pk:
        return Refusal.ONESELF
    return Refusal.OUTRANKED if outranks(subject, worker) else None


def may_reset(worker: User, subject: User) -> Refusal | None:
    """The same for whatever opens an account: not while a report "this was not me" is open, and not for one
    organisation alone when the account opens environments of another."""
    if refusal := may_help(worker, subject):
        return refusal
    if not scope.may_manage_sign_in(worker, subject):
        return Refusal.OPENS_ELSEWHERE
    return Refusal.REPORTED if reports.is_open(subject) else None


def is_privileged(subject: User) -> bool:
    """Has this account rights? Then nobody of support opens it alone."""
    return subject.is_staff or subject.is_superuser or subject.groups.exists() or subject.user_permissions.exists()


def in_story(worker: User) -> Q:
    """The condition on interventions that this worker sees: those that stand in the story of an organisation that the
    worker works for. What support did elsewhere, before the person came here, is not shown."""
    if scope.works_for_all(worker):
        return Q()
    entries = AuditEntry.objects.annotate(receipt=KT("detail__receipt")).filter(
        scope.organisations(worker, "organisation_id"), subject_id=OuterRef("subject_id"), receipt=OuterRef("receipt")
    )
    return Q(Exists(entries))
