"""HTTP requests to a provider: with a deadline, a few in parallel, none for a while after a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from accounts import limits, outbound_requests
from accounts.outbound_requests import Slot
from accounts.sso.provider import permitted_addresses
from accounts.sso.provider.responses import ProviderResponse
from accounts.sso.refusal_reasons import Reason, RefusedError

if TYPE_CHECKING:
    from accounts.sso.provider.transport import Exchange

T = TypeVar("T")
PROVIDERS = outbound_requests.Service("provider", at_once=limits.SSO_AT_ONCE)
SILENT_REASONS = (Reason.TOO_SLOW, Reason.UNREACHABLE)
# Overloaded or unavailable. Not 500: a code that a visitor invented may cause one.
UNAVAILABLE_STATUSES = (429, 502, 503, 504)
SIGN_IN = "sign-in"


@dataclass(frozen=True)
class Inquiry:
    """Bounds for all requests to one provider on behalf of one request of a visitor.

    ``until``: the deadline (`time.monotonic`); ``refresh_key``: whose allowance a refresh of cached data uses up, so
    that a stranger cannot use up that of sign-ins; ``may_ask``: False means cached data only; ``despite_failure``: also
    when the provider failed just now; ``has_full_time``: the normal time-out applies, so exceeding it is a failure.

    Failures are remembered by issuer and not by host: one host may serve the providers of many organisations.
    """

    issuer: str
    until: float
    refresh_key: str = SIGN_IN
    may_ask: bool = True
    despite_failure: bool = False
    has_full_time: bool = True


def inquiry(issuer: str, *, within: timedelta | None = None, **options: Any) -> Inquiry:
    """Begins now. ``within``: less time than `limits.OUTSIDE_TIMEOUT`."""
    time = within or limits.OUTSIDE_TIMEOUT
    return Inquiry(issuer, monotonic() + time.total_seconds(), has_full_time=within is None, **options)


def refuse_after_failure(inquiry: Inquiry) -> None:
    """Raises RefusedError when the provider failed just now."""
    with _as_refusals():
        PROVIDERS.refuse_after_failure(inquiry.issuer)


def get(address: str, inquiry: Inquiry) -> ProviderResponse:
    return _request("GET", address, inquiry, None, {})


def post(address: str, inquiry: Inquiry, form: dict[str, str], headers: dict[str, str]) -> ProviderResponse:
    return _request("POST", address, inquiry, form, headers)


def _request(
    method: str, address: str, inquiry: Inquiry, form: dict[str, str] | None, headers: dict[str, str]
) -> ProviderResponse:
    if not permitted_addresses.is_permitted(address):
        raise RefusedError(Reason.NOT_ENCRYPTED)
    exchange = _exchange(inquiry)
    with _slot(inquiry) as turn:
        answer = _within_deadline(turn, exchange, partial(exchange.run, method, address, form, headers))
        if answer.status in UNAVAILABLE_STATUSES:
            turn.fail(_retry_pause(answer.retry_after))
    return answer


def probe(host: str, port: int, inquiry: Inquiry) -> None:
    """Connect and close the connection. Raises RefusedError when that fails."""
    exchange = _exchange(inquiry)
    with _slot(inquiry) as turn:
        _within_deadline(turn, exchange, partial(exchange.probe, host, port))


def resolves_to_public_addresses(host: str, port: int, inquiry: Inquiry) -> bool:
    """Does the name resolve, in time, to public addresses only?"""
    try:
        with _slot(inquiry) as turn:
            _within_deadline(turn, _exchange(inquiry), partial(permitted_addresses.resolve_checked, host, port))
    except RefusedError:
        return False
    return True


def _exchange(inquiry: Inquiry) -> Exchange:
    from accounts.sso.provider.transport import Exchange  # here, to save start-up time: it needs an HTTP library

    return Exchange(inquiry.until)


def _retry_pause(asked_for: float) -> timedelta:
    return min(max(timedelta(seconds=asked_for), limits.OUTSIDE_FAILED), limits.OUTSIDE_RETRY_AFTER)


@contextmanager
def _slot(inquiry: Inquiry) -> Iterator[Slot]:
    if not inquiry.may_ask:
        raise RefusedError(Reason.TOO_OFTEN)
    with _as_refusals(), PROVIDERS.asking(inquiry.issuer, despite_failure=inquiry.despite_failure) as turn:
        try:
            yield turn
        except RefusedError as refusal:
            if refusal.reason in SILENT_REASONS and inquiry.has_full_time:
                turn.fail()
            raise


@contextmanager
def _as_refusals() -> Iterator[None]:
    try:
        yield
    except outbound_requests.FailedJustNowError:
        raise RefusedError(Reason.FAILED_JUST_NOW) from None
    except outbound_requests.BusyError:
        raise RefusedError(Reason.PROVIDER_BUSY) from None


def _within_deadline(turn: Slot, exchange: Exchange, what: Callable[[], T]) -> T:
    from accounts.sso.provider import transport  # here, to save start-up time

    try:
        return turn.in_time(partial(transport.errors_as_refusals, what), exchange.until)
    except TimeoutError:
        exchange.abort()
        raise RefusedError(Reason.TOO_SLOW) from None
