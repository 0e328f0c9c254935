"""The newest seal of the chain, noted outside the database (`AUDIT_HEAD_FILE`): one small file a machine.

Whoever writes to the database alone cannot change it. So a chain whose end was removed, or that begins anew, shows to
the sealer and to `verify_audit_trail` by themselves.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)
_LINE = re.compile(r"([1-9][0-9]{0,18}) ([0-9a-f]{64})\n")


class HeadUnreadableError(Exception):
    """There is a file, and it cannot be read or holds something else."""


@dataclass(frozen=True)
class Head:
    """``position`` and ``digest`` of a seal that the chain must hold for good."""

    position: int
    digest: str


def path() -> Path | None:
    return Path(settings.AUDIT_HEAD_FILE) if settings.AUDIT_HEAD_FILE else None


def noted() -> Head | None:
    """What this machine noted last; None before the first time. Raises HeadUnreadableError."""
    file = path()
    return _read(file) if file else None


def _read(file: Path) -> Head | None:
    try:
        text = file.read_text("ascii")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as mistake:
        raise HeadUnreadableError(str(mistake)) from None
    found = _LINE.fullmatch(text)
    if found is None:
        raise HeadUnreadableError(f"{file} holds no head of the audit trail")
    return Head(int(found[1]), found[2])


def note(head: Head) -> None:
    """Keep it, unless a later one is kept; whole at every moment, also after a kill. A file that cannot be written is
    an error in the log, because sign-ins go on."""
    file = path()
    if file is None:
        return
    try:
        with _locked(file):
            known = _read(file)
            if known is None or known.position < head.position:
                _replace(file, f"{head.position} {head.digest}\n")
    except (OSError, HeadUnreadableError) as mistake:
        log.error("the head of the audit trail could not be noted: %s", mistake)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Held while one process of this machine compares and writes."""
    # Only opened for reading: it may be another user's, who runs commands.
    lock = os.open(f"{file}.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    with fresh.open("w", encoding="ascii") as whole:
        whole.write(text)
        whole.flush()
        os.fsync(whole.fileno())
    fresh.chmod(0o644)
    fresh.replace(file)
