"""A value that cannot be used, and how the program ends with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured

EXIT_BOOT_FAILED = 3  # when a worker ends with this status, gunicorn and uvicorn stop instead of starting another one


class UnreadableError(ValueError):
    """Why a value cannot be used: what follows the name of the variable in a sentence; never a part of the value."""


@contextmanager
def exit_in_one_line(status: int = 1) -> Iterator[None]:
    """End the program with one line on standard error, instead of a traceback, when the configuration is wrong.

    ``status``: the exit status.
    """
    try:
        yield
    except ImproperlyConfigured as mistake:
        sys.stderr.write(f"Mijn Assetmaps cannot start. {mistake}\n")
        sys.exit(status)
