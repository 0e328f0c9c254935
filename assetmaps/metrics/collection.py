"""The metrics, and the recorder that counts into them.

No label says anything about a person. Each takes few values: members of an enumeration, names of views and limits, and
at most `limits.METRICS_ORGANISATIONS` organisations.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

from django.db import connections
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from accounts import limits
from accounts.audit.events import Event
from accounts.organisations.models import Organisation
from accounts.sso.refusal_reasons import Reason
from accounts.two_factor.models import Authenticator, Passkey, RecoveryCodeSet
from assetmaps import logs

log = logging.getLogger(__name__)
P = ParamSpec("P")

REGISTRY = CollectorRegistry()
REQUEST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
HASH_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2)

REQUESTS = Counter("assetmaps_requests", "Answers, by view and status", ["view", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "assetmaps_request_seconds", "Duration inside Django", ["view"], buckets=REQUEST_SECONDS, registry=REGISTRY
)
EVENTS = Counter("assetmaps_security_events", "Events of the audit trail", ["event", "result"], registry=REGISTRY)
SIGN_INS = Counter(
    "assetmaps_sign_ins", "Judged attempts to sign in, each factor by itself", ["result", "factor", "cause"],
    registry=REGISTRY,
)  # fmt: skip
CODES = Counter(
    "assetmaps_codes", "Codes of people, by what was found", ["place", "factor", "found"], registry=REGISTRY
)
SSO = Counter(
    "assetmaps_sso_sign_ins", "Sign-ins with a business account", ["organisation", "result"], registry=REGISTRY
)
RESETS = Counter("assetmaps_resets", "Passwords and second factors reset", ["kind", "result"], registry=REGISTRY)
THROTTLED = Counter("assetmaps_throttled", "Refused because of a limit", ["limit"], registry=REGISTRY)
HASHES = Histogram(
    "assetmaps_hash_wait_seconds", "Wait for a turn of the password hash", buckets=HASH_SECONDS, registry=REGISTRY
)
HASHES_REFUSED = Counter("assetmaps_hash_refused", "Password hashes that got no turn", registry=REGISTRY)
OUTAGES = Counter(
    "assetmaps_outages", "Times that a service stopped answering a process", ["service"], registry=REGISTRY
)
THREADS = Gauge(
    "assetmaps_request_threads", "Threads for requests", ["state"], registry=REGISTRY, multiprocess_mode="livesum"
)
CONNECTIONS = Gauge(
    "assetmaps_database_connections", "Of the pools", ["state"], registry=REGISTRY, multiprocess_mode="livesum"
)

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
FOUND = {  # causes of `accounts.two_factor.verification.Outcome`; every other one is "other"
    "accepted": "right",
    "wrong": "wrong",
    "used": "used",
    "waiting": "locked",
    "closed": "locked",
    "clock_off": "clock",
    "unreadable": "unreadable",
}
REFUSED_CODES = {
    Event.CODE_REFUSED: "sign_in",
    Event.RECOVERY_CODE_REFUSED: "sign_in",
    Event.ACTIVATION_REFUSED: "set_up",
    Event.SWITCHING_OFF_REFUSED: "switching_off",
    Event.IDENTITY_REFUSED: "identity",
}
RIGHT_CODES = {
    Event.RECOVERY_CODE_USED: "sign_in",
    Event.SECOND_STEP_ACTIVATED: "set_up",
    Event.AUTHENTICATOR_ADDED: "set_up",
    Event.AUTHENTICATOR_REPLACED: "set_up",
}
SIGN_IN_REFUSED = {
    Event.PASSWORD_REFUSED: "password",
    Event.CODE_REFUSED: Authenticator.kind,
    Event.RECOVERY_CODE_REFUSED: RecoveryCodeSet.kind,
    Event.PASSKEY_REFUSED: Passkey.kind,
    Event.SSO_REFUSED: "business_account",
}
RESET_EVENTS = frozenset(
    {
        Event.PASSWORD_LINK_SENT,
        Event.PASSWORD_CHANGED,
        Event.RECOVERY_LINK_SENT,
        Event.HELP_ASKED,
        Event.BRIDGE_CODE_ISSUED,
        Event.SECOND_STEP_RESET,
        Event.RESET_REFUSED,
    }
)
# Counts of `accounts.rate_limits` that refuse nobody: they decide whether an alarm goes out.
NO_REFUSALS = frozenset(
    {"refused", "refused-account", "refused-accounts", "spraying-alarm", "strange-sign-ins-told", "policy-reports"}
)


def unbroken(count: Callable[P, None]) -> Callable[P, None]:
    """A full disk, say, must not break what is counted."""

    @wraps(count)
    def counting(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            count(*args, **kwargs)
        except Exception:
            if logs.is_due("metrics"):
                log.exception("something could not be counted")

    return counting


class Recorder:
    """Implements `accounts.metrics.Recorder`."""

    def __init__(self) -> None:
        self._organisations: dict[int, str] = {}
        self._requests: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    @unbroken
    def security_event(
        self, event: str, *, organisation_id: int | None, succeeded: bool, detail: Mapping[str, str | int]
    ) -> None:
        kind, result = Event(event), "succeeded" if succeeded else "refused"
        EVENTS.labels(event, result).inc()
        if kind is Event.SIGNED_IN:
            self._signed_in(organisation_id, detail)
        elif kind in SIGN_IN_REFUSED:
            SIGN_INS.labels("refused", SIGN_IN_REFUSED[kind], _name(detail.get("cause"))).inc()
            if kind is Event.SSO_REFUSED:
                SSO.labels(self._organisation(organisation_id), _whose_fault(detail.get("cause"))).inc()
        if kind in REFUSED_CODES and detail.get("factor") != "password":
            found = FOUND.get(str(detail.get("cause")), "other")
            CODES.labels(REFUSED_CODES[kind], _name(detail.get("factor")), found).inc()
        elif kind in RIGHT_CODES:
            factor = RecoveryCodeSet.kind if kind is Event.RECOVERY_CODE_USED else Authenticator.kind
            CODES.labels(RIGHT_CODES[kind], factor, "right").inc()
        elif kind in RESET_EVENTS:
            RESETS.labels(event, result).inc()

    def _signed_in(self, organisation_id: int | None, detail: Mapping[str, str | int]) -> None:
        factor = _name(detail.get("factor"))
        SIGN_INS.labels("succeeded", factor, "").inc()
        if factor == Authenticator.kind:
            CODES.labels("sign_in", factor, "right").inc()
        if factor == "business_account" or detail.get("vouched"):
            SSO.labels(self._organisation(organisation_id), "succeeded").inc()

    def _organisation(self, number: int | None) -> str:
        """The name in the address of its sign-in page, which is asked for once a process."""
        if number is None:
            return "none"
        if number not in self._organisations:
            if len(self._organisations) >= limits.METRICS_ORGANISATIONS:
                return "other"
            slug = Organisation.objects.filter(pk=number).values_list("slug", flat=True).first()
            self._organisations[number] = slug or "deleted"
        return self._organisations[number]

    @unbroken
    def hash_waited(self, seconds: float, *, began: bool) -> None:
        HASHES.observe(seconds)
        if not began:
            HASHES_REFUSED.inc()

    @unbroken
    def over_limit(self, what: str) -> None:
        if what not in NO_REFUSALS:
            THROTTLED.labels(_name(what)).inc()

    @unbroken
    def outage_began(self, service: str) -> None:
        OUTAGES.labels(service.removeprefix("the ")).inc()

    @unbroken
    def request(self, view: str, status: int, seconds: float) -> None:
        found = self._requests.get((view, status))  # finding a label costs as much as counting
        if found is None:
            found = self._requests[view, status] = REQUESTS.labels(view, str(status)), SECONDS.labels(view)
        found[0].inc()
        found[1].observe(seconds)

    @unbroken
    def refused_unread(self, status: int) -> None:
        REQUESTS.labels("unread", str(int(status))).inc()

    @unbroken
    def process_state(self, *, busy: int, waiting: int) -> None:
        THREADS.labels("busy").set(busy)
        THREADS.labels("waited_for").set(waiting)
        if pool := getattr(connections["default"], "pool", None):
            found = pool.get_stats()
            CONNECTIONS.labels("open").set(found["pool_size"])
            CONNECTIONS.labels("free").set(found["pool_available"])
            CONNECTIONS.labels("waited_for").set(found["requests_waiting"])


def _name(text: object) -> str:
    """What is no name cannot become a label: it could be anything, and anything many times."""
    return text if isinstance(text, str) and NAME.fullmatch(text) else "other"


def _whose_fault(cause: object) -> str:
    try:
        reason = Reason(str(cause))
    except ValueError:
        return "other"
    return "refused_provider" if reason.is_of_provider or reason.is_outage else "refused_person"


def _begin_at_zero() -> None:
    """Prometheus sees no increase in what it sees for the first time: the first event of a kind would be missed."""
    for event in Event:
        EVENTS.labels(event.value, "succeeded")
    for found in {*FOUND.values(), "other"}:
        CODES.labels("sign_in", Authenticator.kind, found)
    for kind in RESET_EVENTS:
        RESETS.labels(kind.value, "succeeded")
    for factor in (Authenticator.kind, Passkey.kind, "password", "business_account"):
        SIGN_INS.labels("succeeded", factor, "")
    for factor in (Authenticator.kind, Passkey.kind, "password"):
        SIGN_INS.labels("refused", factor, "wrong")
    for service in ("database", "cache"):
        OUTAGES.labels(service)


_begin_at_zero()
RECORDER = Recorder()
