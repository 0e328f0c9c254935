"""Withdraws the code that support read out, for a worker who doubts the caller afterwards."""

from __future__ import annotations

from django.db import transaction

from accounts.audit.events import Event
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.flows import Refusal, may_help
from accounts.support.interventions.people import lock_people
from accounts.support.models import CallerCheck
from accounts.two_factor.account_recovery import flows as account_recovery


@transaction.atomic
def withdraw_code(subject: User, worker: User, origin: Origin) -> Refusal | None:
    """Void the code and every caller check, record it, and mail the person.

    It only removes access, so a report "this was not me" does not prevent it, and any worker who may help this person
    may do it. Exact beside the use of the code: both lock the person's row.
    """
    subject, locked = lock_people(subject, worker)
    refusal = may_help(locked or worker, subject)
    if refusal is None and not account_recovery.withdraw_bridge_code(subject):
        refusal = Refusal.NO_CODE
    entry = record(
        Event.BRIDGE_CODE_WITHDRAWN,
        subject=subject,
        actor=worker,
        origin=origin,
        succeeded=refusal is None,
        detail={"cause": refusal.name.lower()} if refusal else {},
    )
    if refusal is None:
        CallerCheck.objects.filter(subject=subject).delete()
        notify(entry, subject)
    return refusal
