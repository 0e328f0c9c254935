"""Processor time of this program and of the PostgreSQL server that it asks, on Linux and on one machine."""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")  # a second


def of_both() -> float:
    """Seconds since any moment. Of the server: all its processes, those that ended too. Without the server where it is
    on another machine."""
    return time.process_time() + _of_server()


@functools.cache
def _server() -> int:
    """The number of the server's first process; 0 when it is on another machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found = _stat(cursor.fetchone()[0])
    return int(found[1]) if found else 0


def _of_server() -> float:
    first = _server()
    if not first:
        return 0
    ended = sum(int(ticks) for ticks in _stat(first)[13:15]) / TICKS
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return ended + sum(_running(number) for number in children)


def _running(number: str) -> float:
    try:
        return int(Path(f"/proc/{number}/schedstat").read_text().split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):  # it ended in between
        return 0


def _stat(number: int) -> list[str]:
    """The fields of proc(5) from the state on: the parent is [1], the ended children's ticks are [13] and [14]."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return []
