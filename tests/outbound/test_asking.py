"""Rules for outbound requests: no open database connection meanwhile, few at once, no retry just after a failure."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from accounts import limits, outbound_requests
from accounts.models import User
from accounts.outbound_requests import BusyError, FailedJustNowError, InTransactionError, Service
from tests.clock import later

PLACE = "voorbeeld"


def fail(service: Service, period: timedelta | None = None, name: str = PLACE) -> None:
    with service.asking(name) as turn:
        turn.fail(period)


def is_asked(service: Service, name: str = PLACE) -> bool:
    try:
        with service.asking(name):
            return True
    except FailedJustNowError:
        return False


class Held:
    """So many ask in threads of their own, and wait until they are let go."""

    def __init__(self, service: Service, count: int, name: str = PLACE) -> None:
        self.end, self.inside = threading.Event(), threading.Semaphore(0)
        self.threads = [threading.Thread(target=self._ask, args=(service, name)) for _ in range(count)]

    def _ask(self, service: Service, name: str) -> None:
        with service.asking(name):
            self.inside.release()
            self.end.wait(20)

    def __enter__(self) -> Held:
        for thread in self.threads:
            thread.start()
            assert self.inside.acquire(timeout=10)
        return self

    def __exit__(self, *_what: object) -> None:
        self.end.set()
        for thread in self.threads:
            thread.join()


# No database connection. ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_connection_of_the_thread_is_given_back_and_taken_again_afterwards() -> None:
    User.objects.exists()
    assert connection.connection is not None
    with Service("x", at_once=1).asking(PLACE):
        assert connection.connection is None
    assert User.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_asking_inside_a_transaction_is_a_mistake_of_the_program() -> None:
    with transaction.atomic(), pytest.raises(InTransactionError), Service("x", at_once=1).asking(PLACE):
        raise AssertionError("asked")


@pytest.mark.django_db
def test_transaction_around_a_test_is_not_counted_but_one_inside_it_is() -> None:
    outbound_requests.release_database_connections()
    assert User.objects.count() == 0
    with transaction.atomic(), pytest.raises(InTransactionError):
        outbound_requests.release_database_connections()


# After a failure. ----------------------------------------------------------------------------------------------------


def test_failure_is_remembered_for_half_a_minute() -> None:
    service = Service("x", at_once=2)
    fail(service)
    assert not is_asked(service)
    assert is_asked(service, "een-ander")
    with later(limits.OUTSIDE_FAILED - timedelta(seconds=5)):
        assert not is_asked(service)
    with later(limits.OUTSIDE_FAILED + timedelta(seconds=1)):
        assert is_asked(service)


def test_other_processes_learn_of_it_by_the_cache_and_this_one_knows_without() -> None:
    service = Service("x", at_once=2)
    fail(service)
    outbound_requests.forget()  # another process
    assert not is_asked(service)
    outbound_requests.forget()
    fail(service, name="twee")
    cache.clear()  # and a cache that lost it
    assert not is_asked(service, "twee")


def test_cache_that_is_out_of_order_keeps_nobody_from_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ConnectionError

    for name in ("get", "set", "delete"):
        monkeypatch.setattr(cache, name, broken)
    service = Service("x", at_once=2)
    assert is_asked(service)
    fail(service)
    assert not is_asked(service)


def test_who_looks_whether_it_works_again_may_ask_and_opens_it_for_everybody() -> None:
    service = Service("x", at_once=2)
    fail(service)
    with pytest.raises(ValueError), service.asking(PLACE, despite_failure=True):
        raise ValueError
    assert not is_asked(service)
    with service.asking(PLACE, despite_failure=True):
        pass
    assert is_asked(service)


def test_service_that_failed_is_tried_by_one_at_a_time_until_it_answers() -> None:
    service = Service("x", at_once=2)
    fail(service)
    with later(limits.OUTSIDE_FAILED + timedelta(seconds=1)):
        with Held(service, 1), pytest.raises(BusyError), service.asking(PLACE):
            pass
        with Held(service, 2):
            pass


def test_mistake_of_ours_is_no_failure_of_the_service() -> None:
    service = Service("x", at_once=2)
    with pytest.raises(ValueError), service.asking(PLACE):
        raise ValueError
    assert is_asked(service)


# A few at once. ------------------------------------------------------------------------------------------------------


def test_more_than_may_ask_at_once_are_refused_and_others_are_not_touched() -> None:
    service = Service("x", at_once=2)
    with Held(service, 2):
        began = time.monotonic()
        with pytest.raises(BusyError), service.asking(PLACE):
            pass
        assert time.monotonic() - began < 5
        assert is_asked(service, "een-ander")
    assert is_asked(service)


def test_all_services_together_leave_a_thread_for_everybody_else() -> None:
    services = [Service(f"x{number}", at_once=2) for number in range(limits.OUTSIDE_AT_ONCE)]
    with ExitStack() as stack:
        for service in services:
            stack.enter_context(Held(service, 1))
        with pytest.raises(BusyError), Service("y", at_once=2).asking(PLACE):
            pass
    assert is_asked(services[0])


def test_who_waits_takes_the_place_that_comes_free() -> None:
    service = Service("x", at_once=1)
    is_asked(service)  # it works
    with Held(service, 1) as held:
        threading.Timer(0.2, held.end.set).start()
        assert is_asked(service)


def test_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTSIDE_TURN", timedelta(seconds=2))
    service = Service("x", at_once=1)
    refused: list[float] = []

    def ask() -> None:
        began = time.monotonic()
        try:
            with service.asking(PLACE):
                pass
        except BusyError:
            refused.append(time.monotonic() - began)

    with Held(service, 1):
        waiting = [threading.Thread(target=ask) for _ in range(5)]
        for one in waiting:
            one.start()
        for one in waiting:
            one.join()
    assert sum(wait < 1.5 for wait in refused) == 4
    assert len(refused) == 5


def test_failure_that_became_known_while_somebody_waited_counts_for_them_too() -> None:
    service = Service("x", at_once=1)
    is_asked(service)
    inside, end = threading.Event(), threading.Event()

    def ask() -> None:
        with service.asking(PLACE) as turn:
            inside.set()
            end.wait(10)
            turn.fail()

    first = threading.Thread(target=ask)
    first.start()
    inside.wait(10)
    threading.Timer(0.2, end.set).start()
    assert not is_asked(service)
    first.join()


def test_place_of_a_thread_that_still_hangs_stays_taken_while_nobody_waits_for_it() -> None:
    """A look-up of a name keeps to no time-out: without this, threads would pile up."""
    service, hangs = Service("x", at_once=1), threading.Event()
    with pytest.raises(TimeoutError), service.asking(PLACE) as turn:
        turn.in_time(lambda: hangs.wait(20), time.monotonic() + 0.05)
    with pytest.raises(BusyError), service.asking(PLACE):
        pass
    assert is_asked(service, "een-ander")
    hangs.set()
    assert is_asked(service)


def test_names_that_were_asked_once_are_not_kept() -> None:
    service = Service("x", at_once=1)
    for number in range(50):
        assert is_asked(service, str(number))
    assert (len(service._asking), len(service._waiting)) == (0, 0)
    assert outbound_requests._waited_for.total() == 0
