"""The state of an account for the support page: facts and times, never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.active_sessions.models import Session
from accounts.audit.origin import browser_in_words
from accounts.models import User
from accounts.support.flows import visible_to
from accounts.support.interventions import rules
from accounts.support.models import HelpRequest, Intervention
from accounts.throttling import flows as throttling
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind as Attempted
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import AccountRecovery, Authenticator, BridgeCode, Passkey


@dataclass(frozen=True)
class SessionSummary:
    """One active session."""

    browser: str
    address: str | None
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class BlockedAttempts:
    """A counter of failed attempts that refuses new ones. ``until``: None when waiting does not help."""

    what: str
    where: str
    failures: int
    until: datetime | None


@dataclass(frozen=True)
class Account:
    """``passkeys``: the last used first, like the apps."""

    authenticators: list[Authenticator]
    passkeys: list[Passkey]
    recovery_codes_left: int | None
    sessions: list[SessionSummary]
    blocked: list[BlockedAttempts]
    requests: list[HelpRequest]
    recovery: AccountRecovery | None
    bridge_code_until: datetime | None

    @property
    def devices(self) -> list[Authenticator | Passkey]:
        return [*self.authenticators, *self.passkeys]


def of(subject: User) -> Account:
    return Account(
        authenticators=devices.authenticators_of(subject),
        passkeys=devices.passkeys_of(subject),
        recovery_codes_left=devices.recovery_codes_left(subject),
        sessions=_sessions(subject),
        blocked=[_blocked(counter) for counter in rules.blocking_counters(subject)],
        requests=_open_requests(subject),
        recovery=account_recovery.of(subject),
        bridge_code_until=_bridge_code_until(subject),
    )


def _open_requests(subject: User) -> list[HelpRequest]:
    since = timezone.now() - limits.LOST_PHONE_REQUEST
    return list(HelpRequest.objects.filter(user=subject, cancelled_at=None, asked_at__gt=since))


def _sessions(subject: User) -> list[SessionSummary]:
    running = Session.objects.filter(user=subject, signed_in=True, expires_at__gt=timezone.now())
    return [
        SessionSummary(browser_in_words(row.browser), row.address, row.started_at, row.seen_at)
        for row in running.order_by("-seen_at")
    ]


def _blocked(counter: AttemptCounter) -> BlockedAttempts:
    names = {
        Attempted.PASSWORD: _("wrong passwords"),
        Attempted.CODE: _("wrong codes"),
        Attempted.RECOVERY_CODE: _("wrong recovery codes"),
        Attempted.PASSKEY: _("refused passkeys"),
    }
    where = _("in one known browser") if counter.bucket else _("in unknown browsers")
    until = None if counter.closed else throttling.waits_until(counter)
    return BlockedAttempts(names[Attempted(counter.kind)], where, counter.failures, until)


def _bridge_code_until(subject: User) -> datetime | None:
    fresh = timezone.now() - limits.BRIDGE_CODE
    found = BridgeCode.objects.filter(user=subject, made_at__gt=fresh).first()
    return found.made_at + limits.BRIDGE_CODE if found else None


def earlier(subject: User, worker: User) -> list[Intervention]:
    """Interventions on this account that this worker may see, newest first."""
    mine = Intervention.objects.filter(visible_to(worker), subject=subject).select_related("worker", "approved_by")
    return list(mine.order_by("-asked_at")[: limits.INTERVENTIONS_SHOWN])
