"""The queue of slow password hashes: a few run at once in a process, however many people sign in.

In threads of their own, because the C library leaves the memory of a hash with the thread that made it: hashed in the
threads of two hundred visitors, some hundreds of MiB stayed behind.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

from accounts import limits, metrics

CORES = len(os.sched_getaffinity(0))
AT_ONCE = limits.HASHES_A_CORE * CORES
AT_HAND = 0.1  # seconds in which a hash is usually done; who waits longer needs no database meanwhile

P = ParamSpec("P")
T = TypeVar("T")
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hash")


class TooBusyError(Exception):
    """No hash could begin within `limits.HASH_WAIT`. The transaction rolls back; the visitor gets a page of its own."""


def run_queued(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a hash, or what it raises. Raises TooBusyError when it did not begin in time.

    Call outside transactions: inside, the connection to the database is held while waiting. Work must not call this.
    """
    return run_together([partial(work, *args, **kwargs)])[0]


def run_together(works: Sequence[Callable[[], T]]) -> list[T]:
    """The same for several at once, each in a turn of its own. Raises TooBusyError when one did not begin in time."""
    if metrics.recorder:
        return _run_watched(works, metrics.recorder)
    return _run(works)


def _run(works: Sequence[Callable[[], T]]) -> list[T]:
    turns = [_threads.submit(work) for work in works]
    if wait(turns, timeout=AT_HAND).not_done:
        _release_connections()
        wait(turns, timeout=limits.HASH_WAIT.total_seconds() - AT_HAND)
    withdrawn = [turn.cancel() for turn in turns]  # not when it is done, or has begun
    if any(withdrawn):
        raise TooBusyError
    return [turn.result() for turn in turns]


def _run_watched(works: Sequence[Callable[[], T]], recorder: metrics.Recorder) -> list[T]:
    """`_run`, and tell the monitoring how long the first waited for its turn."""
    asked, began = time.perf_counter(), 0.0

    def begin() -> T:
        nonlocal began
        began = time.perf_counter()
        return works[0]()

    try:
        return _run([begin, *works[1:]])
    finally:
        recorder.hash_waited((began or time.perf_counter()) - asked, began=began > 0)


def _release_connections() -> None:
    """Back to the pool, for those who can go on; a new one is taken at the next statement."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
