"""A provider that does not answer: the failure is remembered, few requests wait for it, and then it is tried again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import limits
from accounts.sso.models import Connection, Vouching
from accounts.sso.provider import discovery, http, transport
from accounts.sso.provider.http import Inquiry
from accounts.sso.refusal_reasons import Reason, RefusedError
from tests.accounts.sso.browsing import come_back, connect, employee, entry, leave, sign_in_there
from tests.accounts.sso.provider import Handler, Provider
from tests.accounts.sso.test_database_connections import administrator
from tests.clock import later
from tests.conftest import browser
from tests.pages import at_once, text

pytestmark = pytest.mark.django_db
DOCUMENT = "/.well-known/openid-configuration"
NO_ANSWER = "geeft nu geen antwoord"


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTSIDE_TIMEOUT", timedelta(seconds=0.5))


def mute(handler: Handler) -> None:
    handler.rfile.read()  # until we hang up


def refused(answer: Any) -> bool:
    return answer.status_code == 400 and NO_ANSWER in text(answer)


# Remembered. ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("path", [DOCUMENT, "/token"])
def test_next_visitors_get_the_page_at_once_and_nobody_is_asked(
    path: str, client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(provider)
    employee(connection)
    address = leave(client, connection) if path == "/token" else ""
    provider.answers[path] = mute
    if address:
        assert refused(come_back(client, connection, provider.sign_in(address)))
    else:
        assert refused(client.post(entry(connection)))
    asked = len(provider.asked)
    assert all(refused(browser().post(entry(connection))) for _ in range(5))
    assert len(provider.asked) == asked
    assert Connection.objects.get().failure == "too_slow"  # what was seen, and not that it was not asked again
    assert "sign_in refused: failed_just_now" in caplog.text


@pytest.mark.usefixtures("hurry")
def test_half_a_minute_later_it_is_tried_again_and_serves_everybody_once_it_answers(
    client: Client, provider: Provider
) -> None:
    connection = connect(provider)
    employee(connection)
    provider.answers[DOCUMENT] = mute
    assert refused(client.post(entry(connection)))
    provider.answers.clear()
    assert refused(client.post(entry(connection)))
    with later(limits.OUTSIDE_FAILED + timedelta(seconds=1)):
        assert sign_in_there(client, provider, connection).url == "/"


def test_organisations_at_one_host_do_not_suffer_from_each_other(client: Client, provider: Provider) -> None:
    """At some hosts every organisation has an issuer of its own."""
    mine, other = connect(provider), connect(provider)
    Connection.objects.filter(pk=other.pk).update(issuer=f"{provider.issuer}/ander")
    provider.answers[f"/ander{DOCUMENT}"] = lambda handler: handler.send({}, 503)
    assert refused(client.post(entry(other)))
    leave(client, mine)


@pytest.mark.parametrize("status", http.UNAVAILABLE_STATUSES)
def test_status_that_says_out_of_order_is_remembered(status: int, client: Client, provider: Provider) -> None:
    connection = connect(provider)
    provider.answers[DOCUMENT] = lambda handler: handler.send({}, status)
    assert refused(client.post(entry(connection)))
    assert refused(client.post(entry(connection)))
    assert provider.paths == [DOCUMENT]


WAITS: list[tuple[Callable[[], str], timedelta]] = [
    (lambda: "60", timedelta(seconds=60)),
    (lambda: format_datetime(timezone.now() + timedelta(seconds=61), usegmt=True), timedelta(seconds=60)),
    (lambda: "1", limits.OUTSIDE_FAILED),
    (lambda: "0", limits.OUTSIDE_FAILED),
    (lambda: "-5", limits.OUTSIDE_FAILED),
    (lambda: "straks", limits.OUTSIDE_FAILED),
    (lambda: "9" * 400, limits.OUTSIDE_RETRY_AFTER),
    (lambda: "Fri, 31 Dec 9999 23:59:59 GMT", limits.OUTSIDE_RETRY_AFTER),
]


@pytest.mark.parametrize(("told", "pause"), WAITS)
def test_wait_that_a_provider_asks_for_is_kept_within_bounds(
    told: Callable[[], str], pause: timedelta, client: Client, provider: Provider
) -> None:
    connection = connect(provider)
    provider.answers[DOCUMENT] = lambda handler: handler.send({}, 429, Retry_After=told())
    assert refused(client.post(entry(connection)))
    provider.answers.clear()
    with later(pause - timedelta(seconds=5)):
        assert refused(client.post(entry(connection)))
    with later(pause + timedelta(seconds=2)):
        leave(client, connection)


def test_code_that_a_stranger_made_up_closes_nothing(client: Client, provider: Provider) -> None:
    """Some providers answer it with an error of their own; that is no outage for everybody else."""
    connection = connect(provider)
    employee(connection)
    provider.answers["/token"] = lambda handler: handler.send({}, 500)
    stranger = browser()
    come_back(stranger, connection, provider.sign_in(leave(stranger, connection)) | {"code": "verzonnen"})
    provider.answers.clear()
    assert sign_in_there(client, provider, connection).url == "/"


# Administrators. -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", ["controleren/", "proef/beginnen/"])
def test_administrator_may_look_at_once_whether_it_works_again_and_then_it_does_for_all(
    look: str, client: Client, provider: Provider
) -> None:
    connection = connect(provider)
    employee(connection)
    worker = administrator(connection)
    provider.answers[DOCUMENT] = lambda handler: handler.send({}, 503)
    assert refused(client.post(entry(connection)))
    provider.answers.clear()
    assert refused(client.post(entry(connection)))
    worker.post(f"/beheer/sso/{connection.organisation.slug}/{look}")
    assert sign_in_there(client, provider, connection).url == "/"


# Few at once. --------------------------------------------------------------------------------------------------------


class Slow:
    """An answer that takes until it is told; counts how many wait for it."""

    def __init__(self, answer: Callable[[Handler], None]) -> None:
        self.now = self.most = 0
        self.lock, self.go_on = threading.Lock(), threading.Event()
        self.answer = answer

    def __call__(self, handler: Handler) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go_on.wait(10)
        with self.lock:
            self.now -= 1
        self.answer(handler)


@pytest.mark.django_db(transaction=True)
def test_two_wait_for_a_provider_and_the_others_get_the_page_at_once(provider: Provider) -> None:
    connection = connect(provider)
    slow = Slow(lambda handler: handler.send(provider.document()))
    provider.answers[DOCUMENT] = slow
    took: list[tuple[bool, float]] = []

    def visit() -> None:
        began = time.monotonic()
        was_refused = refused(browser().post(entry(connection)))
        took.append((was_refused, time.monotonic() - began))
        if sum(one for one, _wait in took) == 4:
            slow.go_on.set()

    at_once([visit] * 6)
    assert slow.most == limits.SSO_AT_ONCE
    assert sorted(one for one, _wait in took) == [False, False, True, True, True, True]
    assert all(wait < 4 for one, wait in took if one)


@pytest.mark.django_db(transaction=True)
def test_colleagues_who_come_back_together_wait_for_each_other_at_a_provider_that_works(provider: Provider) -> None:
    connection = connect(provider)
    clients = []
    for number in range(6):
        employee(connection, f"persoon-{number}")
        clients.append(browser())
    ways = [(one, provider.sign_in(leave(one, connection), sub=f"persoon-{n}")) for n, one in enumerate(clients)]
    exchange = Provider.exchange
    counted = Slow(lambda handler: None)
    counted.go_on.set()

    def a_moment(self: Provider, asked: Any) -> Any:
        with counted.lock:
            counted.now += 1
            counted.most = max(counted.most, counted.now)
        time.sleep(0.03)
        with counted.lock:
            counted.now -= 1
        return exchange(self, asked)

    provider.exchange = partial(a_moment, provider)  # type: ignore[method-assign]
    calls = [partial(come_back, one, connection, answer) for one, answer in ways]
    assert {one.status_code for one in at_once(calls)} == {302}
    assert counted.most <= limits.SSO_AT_ONCE


# The network. --------------------------------------------------------------------------------------------------------


@pytest.fixture
def dead() -> Iterator[int]:
    """A port that takes no connection and refuses none: its queue is full."""
    with closing(socket.socket()) as listening, closing(socket.socket()) as filler:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        filler.connect(listening.getsockname())
        yield int(listening.getsockname()[1])


def test_dead_address_of_a_name_leaves_time_for_its_next_one(
    provider: Provider, dead: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Often it is the IPv6 one."""
    real = socket.getaddrinfo

    def both(host: str, port: int, **options: Any) -> list[Any]:
        return [*real(host, dead, **options), *real(host, port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    monkeypatch.setattr(transport, "ADDRESS_TIMEOUT", 0.2)
    assert http.get(f"{provider.issuer}/keys", http.inquiry(provider.issuer)).status == 200


def test_resolver_that_hangs_holds_no_more_threads_than_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps to no time-out; in the system's own, half a minute is usual."""
    hangs = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: hangs.wait(20) and [])
    before = threading.active_count()
    reasons = []
    for _ in range(8):
        with pytest.raises(RefusedError) as refusal:
            http.get(
                "https://provider.nl/", Inquiry("https://provider.nl", time.monotonic() + 0.05, has_full_time=False)
            )
        reasons.append(refusal.value.reason)
    assert threading.active_count() - before <= limits.SSO_AT_ONCE
    hangs.set()
    assert reasons == [Reason.TOO_SLOW] * limits.SSO_AT_ONCE + [Reason.PROVIDER_BUSY] * (8 - limits.SSO_AT_ONCE)


def test_provider_that_was_started_anew_meets_no_connection_of_before(client: Client, provider: Provider) -> None:
    """Each request makes its own; this one would be kept by a client that keeps them."""
    connection = connect(provider)
    employee(connection)
    provider.answers[DOCUMENT] = lambda handler: handler.send(provider.document(), Connection="keep-alive")
    leave(client, connection)
    provider.answers["/token"] = _sends_and_hangs_up_later
    answer = sign_in_there(client, provider, connection)
    assert answer.url == "/"


def _sends_and_hangs_up_later(handler: Handler) -> None:
    del handler.provider.answers["/token"]
    asked = handler.provider.asked[-1]
    status, content = handler.provider.exchange(asked)
    handler.send(content, status, Connection="keep-alive")
    handler.close_connection = True


# Signing out. --------------------------------------------------------------------------------------------------------


def test_sign_out_waits_for_no_provider_and_its_haste_is_held_against_nobody(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(provider)
    employee(connection)
    client = browser()
    sign_in_there(client, provider, connection)
    discovery.forget(provider.issuer)
    provider.answers[DOCUMENT] = mute
    monkeypatch.setattr(limits, "SSO_LEAVING", timedelta(seconds=0.2))
    client.post("/uitloggen/")
    began = time.monotonic()
    answer = client.post("/uitgelogd/", follow=True)
    assert time.monotonic() - began < 3
    assert "lukte vanaf hier niet" in text(answer)
    provider.answers.clear()
    leave(browser(), connection)


# The page. -----------------------------------------------------------------------------------------------------------


def test_page_says_when_to_try_again_and_what_else_is_possible(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    provider.answers[DOCUMENT] = lambda handler: handler.send({}, 503)
    page = text(client.post(entry(connection)))
    assert "Wacht 30 seconden en probeer het opnieuw." in page
    # Where this provider makes the second step, a password alone opens nothing.
    assert "Of log in met je wachtwoord en je authenticator-app." in page
    connection.vouching = Vouching.OURS
    connection.save()
    page = text(client.post(entry(connection)))
    assert "Of log in met je wachtwoord." in page
    connection.organisation.second_step = "business_account"
    connection.organisation.save()
    page = text(client.post(entry(connection)))
    assert "Wacht 30 seconden" in page
    assert "Heb je " not in page


def test_whoever_is_signed_in_is_not_told_to_sign_in(provider: Provider) -> None:
    connection = connect(provider)
    employee(connection)
    client = browser()
    sign_in_there(client, provider, connection)
    discovery.forget(provider.issuer)
    provider.answers[DOCUMENT] = lambda handler: handler.send({}, 503)
    page = text(client.post("/bevestig-identiteit/", {"next": "/"}))
    assert NO_ANSWER in page
    assert "Heb je " not in page
