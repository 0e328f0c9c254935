"""Whom a support worker may help: checked before a page is shown, and again when the action is carried out."""

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
    """The names are stored in the audit trail as causes: do not rename a member."""

    NOT_ALLOWED = auto()  # lacks the permission
    OUT_OF_SCOPE = auto()  # somebody of another organisation than the worker works for
    ONESELF = auto()
    OUTRANKED = auto()  # the person has rights that the worker lacks
    OPENS_ELSEWHERE = auto()  # an environment of another organisation than the one that the worker works for
    REPORTED = auto()  # an open report "Dit was ik niet"
    INACTIVE = auto()  # the account is deactivated, so nothing can be linked
    NO_SECOND_STEP = auto()  # the password alone opens the account, so there is nothing to bridge
    NOTHING_TO_LIFT = auto()
    NO_CODE = auto()  # used, over, or withdrawn already
    MONTH_IS_FULL = auto()  # the monthly limit of attempts is reached; only time restores it
    LIFTED_OFTEN = auto()  # for this person, by all workers together
    PASSWORD_CLOSED = auto()  # every password is refused until there is a new one, so no code or link helps
    NOT_CHECKED = auto()  # the caller has not read the mailed words back to this worker
    CHANGED_ADDRESS = auto()  # this worker, or a colleague, chose the address that mail now goes to
    STOPPED = auto()  # this worker has helped too many people in a short time
    ALREADY_ASKED = auto()  # this worker has asked for the same already
    NOT_READY = auto()  # waits for its approval, or is void, cancelled or done
    NOT_ONES_OWN = auto()  # only the worker who asked may carry it out, and only another one may approve


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
    """The same for actions that open an account: not while a report "this was not me" is open, and not by a worker for
    one organisation when the account opens environments of another."""
    if refusal := may_help(worker, subject):
        return refusal
    if not scope.may_manage_sign_in(worker, subject):
        return Refusal.OPENS_ELSEWHERE
    return Refusal.REPORTED if reports.is_open(subject) else None


def is_privileged(subject: User) -> bool:
    """Has this account permissions? Then no single support worker may open it."""
    return subject.is_staff or subject.is_superuser or subject.groups.exists() or subject.user_permissions.exists()


def visible_to(worker: User) -> Q:
    """The condition on the interventions that this worker may see: those recorded in the audit trail of an organisation
    in the worker's scope. Interventions at the person's earlier organisation are not shown."""
    if scope.works_for_all(worker):
        return Q()
    entries = AuditEntry.objects.annotate(receipt=KT("detail__receipt")).filter(
        scope.organisations(worker, "organisation_id"), subject_id=OuterRef("subject_id"), receipt=OuterRef("receipt")
    )
    return Q(Exists(entries))
