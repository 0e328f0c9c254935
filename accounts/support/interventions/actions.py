"""What each intervention does, its audit entry and its mail. Call inside a transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.audit import unproved
from accounts.audit.events import Event
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.interventions import rules
from accounts.support.models import CallerCheck, Intervention, Kind
from accounts.throttling import flows as throttling
from accounts.throttling import known_browsers
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.account_recovery.flows import NewBridgeCode

EVENTS = {
    Kind.LIFT_WAIT: Event.WAIT_LIFTED,
    Kind.END_SESSIONS: Event.SESSIONS_ENDED_BY_SUPPORT,
    Kind.BRIDGE_CODE: Event.BRIDGE_CODE_ISSUED,
    Kind.RESET: Event.SECOND_STEP_RESET,
}


def prepare(kind: Kind, subject: User) -> NewBridgeCode | None:
    """Made before the transaction, because it is slow."""
    return account_recovery.new_bridge_code(subject) if kind is Kind.BRIDGE_CODE else None


def carry_out(intervention: Intervention, origin: Origin, prepared: NewBridgeCode | None) -> str:
    """Do it, record it, and mail the person. Returns the code to read out; empty for other kinds."""
    kind, subject = Kind(intervention.kind), intervention.subject
    extra = _bridge_code(intervention, prepared) if prepared else ACTIONS[kind](intervention)
    code = str(extra.pop("code", ""))
    entry = record(
        EVENTS[kind],
        subject=subject,
        actor=intervention.worker,
        origin=origin,
        reason=intervention.reason,
        detail=facts(intervention),
    )
    previous_devices.record_end(subject, entry)  # after a reset: a report about it makes the apps valid again
    notify(entry, subject, receipt=intervention.receipt, **extra)
    if kind in rules.OPENS_ACCOUNT:
        extra |= {"link": "", "only_told": True}
        for address in unproved.former_addresses(subject):
            notify(entry, subject, to=address, receipt=intervention.receipt, **extra)
    return code


def facts(intervention: Intervention) -> dict[str, str | int]:
    """For the audit entry."""
    found: dict[str, str | int] = {"receipt": intervention.receipt}
    if intervention.new_address:
        found["after"] = intervention.new_address
    if intervention.ticket:
        found["ticket"] = intervention.ticket
    if intervention.approved_by:
        found["approved_by"] = intervention.approved_by.email
    return found


def _lift_wait(intervention: Intervention) -> dict[str, Any]:
    """Waiting times end. Blocked counters are reset only after a second worker's approval: they may be new."""
    throttling.lock_counters(intervention.subject)
    if intervention.approved_by_id:
        throttling.open_closed_counters(intervention.subject)
    throttling.lift_waits(intervention.subject)
    return {}


def _end_sessions(intervention: Intervention) -> dict[str, Any]:
    sessions.end_all(intervention.subject)
    return {}


def _bridge_code(intervention: Intervention, prepared: NewBridgeCode) -> dict[str, Any]:
    """Voids every caller check: the next caller may be somebody else, and is checked again. Waiting times end, because
    during one the password leads to a page that takes no such code."""
    CallerCheck.objects.filter(subject=intervention.subject).delete()
    throttling.lock_counters(intervention.subject)
    throttling.lift_waits(intervention.subject)
    code = account_recovery.issue_bridge_code(intervention.subject, prepared)
    return {"code": code, "minutes": int(limits.BRIDGE_CODE.total_seconds()) // 60}


def _reset(intervention: Intervention) -> dict[str, Any]:
    """Remove everything besides the password that signs in; the link in the mail opens the set-up.

    Waiting times end, but the counts stay: otherwise a reset would give back guesses that a lifted wait does not.
    """
    subject = intervention.subject
    throttling.lock_counters(subject)
    needs_link = rules.needs_recovery_link(subject)
    devices.remove_all(subject)
    sessions.end_all(subject)
    throttling.lift_waits(subject)
    known_browsers.forget_all(subject)
    account_recovery.withdraw_bridge_code(subject)
    hours = int(limits.RECOVERY_LINK.total_seconds()) // 3600
    return {"link": account_recovery.begin(subject) if needs_link else "", "hours": hours}


ACTIONS: dict[Kind, Callable[[Intervention], dict[str, Any]]] = {
    Kind.LIFT_WAIT: _lift_wait,
    Kind.END_SESSIONS: _end_sessions,
    Kind.RESET: _reset,
}
