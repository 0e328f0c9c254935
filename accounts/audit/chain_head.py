"""The head of the chain (its newest seal) in a file outside the database, `AUDIT_HEAD_FILE`; one on each machine.

Whoever writes to the database alone cannot change it. So the sealer and `verify_audit_trail` notice by themselves that
the end of the chain was removed, or that the chain was made anew.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

log = logging.getLogger(__name__)
_LINE = re.compile(r"([1-9][0-9]{0,18}) ([0-9a-f]{64})\n")


class HeadUnreadableError(Exception):
    """There is a file, and it cannot be read or holds something else."""


class Head(NamedTuple):
    """``position`` and ``digest`` of a seal that the chain must contain for good."""

    position: int
    digest: str


def path() -> Path | None:
    return Path(settings.AUDIT_HEAD_FILE) if settings.AUDIT_HEAD_FILE else None


def read() -> Head | None:
    """What this machine stored last; None before the first time. Raises HeadUnreadableError."""
    file = path()
    return _read(file) if file else None


def _read(file: Path) -> Head | None:
    try:
        text = file.read_text("ascii")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise HeadUnreadableError(str(error)) from None
    found = _LINE.fullmatch(text)
    if found is None:
        raise HeadUnreadableError(f"{file} holds no head of the audit trail")
    return Head(int(found[1]), found[2])


def store(head: Head) -> None:
    """Store it atomically, unless a later one is stored. A file that cannot be written is an error in the log, because
    sign-ins must go on."""
    file = path()
    if file is None:
        return
    try:
        with _locked(file):
            stored = _read(file)
            if stored is None or stored.position < head.position:
                _replace(file, f"{head.position} {head.digest}\n")
    except (OSError, HeadUnreadableError) as error:
        log.error("the head of the audit trail could not be noted: %s", error)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One process of this machine at a time compares and writes."""
    # Only opened for reading: it may be another user's, who runs commands.
    lock = os.open(f"{file}.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _replace(file: Path, text: str) -> None:
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    with temporary.open("w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.chmod(0o644)
    temporary.replace(file)
