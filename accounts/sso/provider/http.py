"""Asking a provider: in time, a few at once, not at all for a while after it failed (`accounts.outbound_requests`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from accounts import limits, outbound_requests
from accounts.outbound_requests import Turn
from accounts.sso.provider import permitted_addresses, transport
from accounts.sso.provider.transport import Answer, Exchange
from accounts.sso.refusal_reasons import Reason, RefusedError

T = TypeVar("T")
PROVIDERS = outbound_requests.Service("provider", at_once=limits.SSO_AT_ONCE)
SILENT = (Reason.TOO_SLOW, Reason.UNREACHABLE)
# It says itself that it is out of order, or asked too often. Not 500: a code that a visitor made up may cause one.
OUT_OF_ORDER = (429, 502, 503, 504)
SIGN_IN = "sign-in"


@dataclass(frozen=True)
class Inquiry:
    """What one request of a visitor may ask of one provider.

    ``until``: when all of it must be answered (`time.monotonic`); ``asker``: who uses up what may be asked anew, for a
    stranger must not use up what sign-ins need; ``may_ask``: False goes by what is kept; ``despite_failure``: also when
    the provider failed just now; ``is_whole``: it gets all of the time, so that being too slow counts as a failure.

    Failures are remembered by issuer and not by host: one host may serve the providers of many organisations.
    """

    issuer: str
    until: float
    asker: str = SIGN_IN
    may_ask: bool = True
    despite_failure: bool = False
    is_whole: bool = True


def inquiry(issuer: str, *, within: timedelta | None = None, **options: Any) -> Inquiry:
    """One that begins now. ``within``: less time than `limits.OUTSIDE_TIMEOUT`."""
    time = within or limits.OUTSIDE_TIMEOUT
    return Inquiry(issuer, monotonic() + time.total_seconds(), is_whole=within is None, **options)


def refuse_after_failure(inquiry: Inquiry) -> None:
    """Raises RefusedError when the provider failed just now."""
    with _in_our_words():
        PROVIDERS.refuse_after_failure(inquiry.issuer)


def get(address: str, inquiry: Inquiry) -> Answer:
    return _ask("GET", address, inquiry, None, {})


def post(address: str, inquiry: Inquiry, form: dict[str, str], headers: dict[str, str]) -> Answer:
    return _ask("POST", address, inquiry, form, headers)


def _ask(method: str, address: str, inquiry: Inquiry, form: dict[str, str] | None, headers: dict[str, str]) -> Answer:
    if not permitted_addresses.is_reachable(address):
        raise RefusedError(Reason.NOT_ENCRYPTED)
    exchange = Exchange(inquiry.until)
    with _turn(inquiry) as turn:
        answer = _in_time(turn, exchange, partial(exchange.run, method, address, form, headers))
        if answer.status in OUT_OF_ORDER:
            turn.fail(_pause(answer.retry_after))
    return answer


def knock(host: str, port: int, inquiry: Inquiry) -> None:
    """Connect and hang up. Raises RefusedError when that does not succeed."""
    exchange = Exchange(inquiry.until)
    with _turn(inquiry) as turn:
        _in_time(turn, exchange, partial(exchange.knock, host, port))


def leads_to_the_internet(host: str, port: int, inquiry: Inquiry) -> bool:
    """Is every address of this name one of the public internet, as far as that can be found out in time?"""
    try:
        with _turn(inquiry) as turn:
            _in_time(turn, Exchange(inquiry.until), partial(permitted_addresses.checked, host, port))
    except RefusedError:
        return False
    return True


def _pause(asked_for: float) -> timedelta:
    return min(max(timedelta(seconds=asked_for), limits.OUTSIDE_FAILED), limits.OUTSIDE_RETRY_AFTER)


@contextmanager
def _turn(inquiry: Inquiry) -> Iterator[Turn]:
    if not inquiry.may_ask:
        raise RefusedError(Reason.TOO_OFTEN)
    with _in_our_words(), PROVIDERS.asking(inquiry.issuer, despite_failure=inquiry.despite_failure) as turn:
        try:
            yield turn
        except RefusedError as refusal:
            if refusal.reason in SILENT and inquiry.is_whole:
                turn.fail()
            raise


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except outbound_requests.FailedJustNowError:
        raise RefusedError(Reason.FAILED_JUST_NOW) from None
    except outbound_requests.BusyError:
        raise RefusedError(Reason.PROVIDER_BUSY) from None


def _in_time(turn: Turn, exchange: Exchange, what: Callable[[], T]) -> T:
    try:
        return turn.in_time(partial(transport.settled, what), exchange.until)
    except TimeoutError:
        exchange.cut()
        raise RefusedError(Reason.TOO_SLOW) from None
