"""Outbound requests: to the provider of an organisation, the DNS, the list of stolen passwords. A circuit breaker.

A service that does not answer may delay only those who need it. So no database connection is held meanwhile, a failure
is remembered for `limits.OUTSIDE_FAILED`, and few requests run at once. Own code: pybreaker and the like neither limit
concurrent requests nor share their state by Django's cache, and keep an object for every name for ever.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition, Thread
from time import monotonic
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections

from accounts import limits

log = logging.getLogger(__name__)
T = TypeVar("T")
# What this process knows by itself, also while the shared cache is out of order. Bounded, and it forgets by itself.
_own = LocMemCache("outside", {"OPTIONS": {"MAX_ENTRIES": 2_000}})
_FAILED, _SUSPECT, _WORKS = "failed", "suspect", "works"
_SUSPECT_FOR = 3600  # seconds; a service that failed and did not answer since is asked by one at a time
_WORKS_FOR = 60
_changed = Condition()
_waited_for: Counter[str] = Counter()  # answers, by kind of service; guarded by the condition, as are the two below


class InTransactionError(RuntimeError):
    """A programming error: rows would stay locked for as long as the outside service takes."""


class NotAskedError(Exception):
    """Refused at once, without asking."""


class FailedJustNowError(NotAskedError): ...


class BusyError(NotAskedError):
    """As many requests to this service run as may run at once."""


def release_database_connections() -> None:
    """Give this thread's database connections back; the next query takes one again. Raises InTransactionError."""
    for connection in connections.all(initialized_only=True):
        # The transaction that Django opens around a test does not count; `atomic(durable=True)` reads the same mark.
        if not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise InTransactionError("somebody outside is asked inside a transaction")
        if not connection.in_atomic_block:
            connection.close()


def forget() -> None:
    """For tests: nothing has failed."""
    _own.clear()


class Slot:
    """Permission for one outbound request. `in_time` makes it; `fail` says that the service is out of order."""

    def __init__(self) -> None:
        self.failed_for: timedelta | None = None
        self.answer: Future[Any] | None = None

    def fail(self, period: timedelta | None = None) -> None:
        self.failed_for = period or limits.OUTSIDE_FAILED

    def in_time(self, what: Callable[[], T], until: float) -> T:
        """Do this in a thread of its own, because neither looking up a name nor a server that drips keeps to a
        time-out. ``until``: by `time.monotonic`. Raises TimeoutError, or what it raises."""
        answer = self.answer = Future[T]()
        Thread(target=_settle, args=(answer, what), daemon=True).start()
        return answer.result(timeout=max(until - monotonic(), 0))


def _settle(answer: Future[T], what: Callable[[], T]) -> None:
    try:
        answer.set_result(what())
    except Exception as mistake:
        answer.set_exception(mistake)


class Service:
    """``kind``: for the cache; ``at_once``: how many may ask one of this kind at a time, in one process."""

    def __init__(self, kind: str, *, at_once: int) -> None:
        self.kind, self.at_once = kind, at_once
        self._asking: Counter[str] = Counter()  # by name of the service
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def asking(self, name: str, *, despite_failure: bool = False) -> Iterator[Slot]:
        """Ask inside of this block. Raises NotAskedError at once when the service failed just now or too many ask, and
        InTransactionError. ``despite_failure``: somebody wants to know whether it works again."""
        release_database_connections()
        turn = self._take(name, despite_failure=despite_failure)
        try:
            yield turn
            if turn.failed_for is None:
                self._note_answer(name, everywhere=despite_failure)
        finally:
            if turn.failed_for is not None:  # before the next one is let in
                self._note_failure(name, turn.failed_for)
            self._leave(name, turn)

    def refuse_after_failure(self, name: str) -> None:
        """Raises FailedJustNowError."""
        key = self._key(_FAILED, name)
        if _own.get(key):
            raise FailedJustNowError
        if _shared(lambda: cache.get(key)):
            _own.set(self._key(_SUSPECT, name), 1, _SUSPECT_FOR)
            raise FailedJustNowError

    def _take(self, name: str, *, despite_failure: bool) -> Slot:
        if not despite_failure:
            self.refuse_after_failure(name)
        with _changed:
            self._wait_for_place(name)
            if not despite_failure and _own.get(self._key(_FAILED, name)):
                raise FailedJustNowError  # meanwhile
            self._asking[name] += 1
            _waited_for[self.kind] += 1
        return Slot()

    def _wait_for_place(self, name: str) -> None:
        """Wait briefly for a place: when the service works, one comes free soon. Few may wait: each holds a thread.

        Raises BusyError.
        """
        if self._has_place(name):
            return
        works = _own.get(self._key(_WORKS, name))
        if self._waiting[name] >= (limits.OUTSIDE_WAITING if works else self.at_once):
            raise BusyError
        self._waiting[name] += 1
        moment = limits.OUTSIDE_TURN_WORKING if works else limits.OUTSIDE_TURN
        came_free = _changed.wait_for(lambda: self._has_place(name), moment.total_seconds())
        _decrement(self._waiting, name)
        if not came_free:
            raise BusyError

    def _has_place(self, name: str) -> bool:
        at_once = 1 if _own.get(self._key(_SUSPECT, name)) else self.at_once
        return self._asking[name] < at_once and _waited_for.total() < limits.OUTSIDE_AT_ONCE

    def _leave(self, name: str, turn: Slot) -> None:
        """Nobody waits any more. The place of a thread that still looks up a name comes free when it ends."""
        with _changed:
            _decrement(_waited_for, self.kind)
            _changed.notify_all()
        if turn.answer is None:
            self._free(name)
        else:
            turn.answer.add_done_callback(lambda _answer: self._free(name))

    def _free(self, name: str) -> None:
        with _changed:
            _decrement(self._asking, name)
            _changed.notify_all()

    def _note_failure(self, name: str, period: timedelta) -> None:
        log.warning("%s: out of order, not asked for %d s", self.kind, period.total_seconds())
        key, seconds = self._key(_FAILED, name), int(period.total_seconds())
        _own.delete(self._key(_WORKS, name))
        _own.set(key, 1, seconds)
        _own.set(self._key(_SUSPECT, name), 1, _SUSPECT_FOR)
        _shared(lambda: cache.set(key, 1, seconds))

    def _note_answer(self, name: str, *, everywhere: bool) -> None:
        key, suspect = self._key(_FAILED, name), self._key(_SUSPECT, name)
        _own.set(self._key(_WORKS, name), 1, _WORKS_FOR)
        if everywhere or _own.get(suspect):
            _own.delete_many([key, suspect])
            _shared(lambda: cache.delete(key))

    def _key(self, what: str, name: str) -> str:
        return f"outside:{self.kind}:{what}:{hashlib.sha256(name.encode()).hexdigest()}"


def _decrement(counted: Counter[str], name: str) -> None:
    counted[name] -= 1
    if counted[name] <= 0:
        del counted[name]  # or every name would be kept for ever


def _shared(call: Callable[[], Any]) -> Any:
    """A cache that is out of order tells nothing; this process then goes by what it saw itself."""
    try:
        return call()
    except Exception:
        log.exception("which services failed just now could not be looked up or kept")
        return None
