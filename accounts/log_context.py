"""The number of the request that a line of the log belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

reference: ContextVar[str] = ContextVar("reference", default="")  # empty outside requests and their tasks


@contextmanager
def of_request(number: str) -> Iterator[None]:
    """For a task: lines in this block have the number of the request that asked for it."""
    before = reference.set(number)
    try:
        yield
    finally:
        reference.reset(before)
