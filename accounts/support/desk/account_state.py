"""How an account stands, for the page of support: facts and times, never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits
from accounts.active_sessions.models import Session
from accounts.audit.origin import browser_in_words
from accounts.models import User
from accounts.support.flows import in_story
from accounts.support.interventions import rules
from accounts.support.models import HelpRequest, Intervention
from accounts.throttling import flows as throttling
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind as Attempted
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import AccountRecovery, Authenticator, BridgeCode


@dataclass(frozen=True)
class Place:
    """One session."""

    browser: str
    address: str | None
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Door:
    """``until``: None when waiting does not help."""

    what: str
    where: str
    failures: int
    until: datetime | None


@dataclass(frozen=True)
class Account:
    authenticators: list[Authenticator]
    recovery_codes_left: int | None
    places: list[Place]
    doors: list[Door]
    requests: list[HelpRequest]
    recovery: AccountRecovery | None
    bridge_code_until: datetime | None


def of(subject: User) -> Account:
    return Account(
        authenticators=devices.authenticators_of(subject),
        recovery_codes_left=devices.recovery_codes_left(subject),
        places=_places(subject),
        doors=[_door(counter) for counter in rules.doors(subject)],
        requests=_open_requests(subject),
        recovery=account_recovery.of(subject),
        bridge_code_until=_bridge_code_until(subject),
    )


def _open_requests(subject: User) -> list[HelpRequest]:
    since = timezone.now() - limits.LOST_PHONE_REQUEST
    return list(HelpRequest.objects.filter(user=subject, cancelled_at=None, asked_at__gt=since))


def _places(subject: User) -> list[Place]:
    running = Session.objects.filter(user=subject, signed_in=True, expires_at__gt=timezone.now())
    return [
        Place(browser_in_words(row.browser), row.address, row.started_at, row.seen_at)
        for row in running.order_by("-seen_at")
    ]


def _door(counter: AttemptCounter) -> Door:
    names = {
        Attempted.PASSWORD: _("wrong passwords"),
        Attempted.CODE: _("wrong codes"),
        Attempted.RECOVERY_CODE: _("wrong recovery codes"),
    }
    where = _("in one known browser") if counter.bucket else _("in unknown browsers")
    until = None if counter.closed else throttling.waits_until(counter)
    return Door(names[Attempted(counter.kind)], where, counter.failures, until)


def _bridge_code_until(subject: User) -> datetime | None:
    fresh = timezone.now() - limits.BRIDGE_CODE
    found = BridgeCode.objects.filter(user=subject, made_at__gt=fresh).first()
    return found.made_at + limits.BRIDGE_CODE if found else None


def earlier(subject: User, worker: User) -> list[Intervention]:
    """What support did to this account, newest first, as far as this worker sees it."""
    mine = Intervention.objects.filter(in_story(worker), subject=subject).select_related("worker", "approved_by")
    return list(mine.order_by("-asked_at")[: limits.INTERVENTIONS_SHOWN])
