"""The error for an invalid value, and how the program exits with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured

EXIT_BOOT_FAILED = 3  # when a worker ends with this status, gunicorn and uvicorn stop instead of starting another one


class UnreadableError(ValueError):
    """Why a value is invalid: the sentence after the name of the variable; never contains a part of the value."""


@contextmanager
def exit_in_one_line(status: int = 1) -> Iterator[None]:
    """Exit with one line on standard error instead of a traceback when the configuration is invalid.

    ``status``: the exit status.
    """
    try:
        yield
    except ImproperlyConfigured as mistake:
        sys.stderr.write(f"Mijn Assetmaps cannot start. {mistake}\n")
        sys.exit(status)
