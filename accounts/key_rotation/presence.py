"""Which processes of the server run now, and which keys they have.

Each worker notes it from a thread of its own, because a process that answers nobody must be known too: it would lock
out the next visitor that it gets. Only names of keys are stored, digests that tell nothing about them.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import secrets
import threading
from collections.abc import Iterable

from django.conf import settings
from django.db import connections
from django.db.models.functions import Now
from django.db.utils import Error

from accounts import encryption, limits
from accounts.key_rotation import key_in_use
from accounts.key_rotation.models import Process

log = logging.getLogger(__name__)


def start() -> None:
    """Call in a worker, after the fork."""
    threading.Thread(target=_note_for_good, args=[_own_name()], name="presence", daemon=True).start()


def _own_name() -> str:
    return f"{platform.node()[:150]} {os.getpid()} {secrets.token_hex(4)}"


def _note_for_good(name: str) -> None:
    pause = threading.Event()
    is_new = True
    while True:
        try:
            note(name)
            key_in_use.refresh()
            if is_new:
                _warn_of_signing_key()
            is_new = False
        except Error as error:  # an outage; the log has it from every page already
            log.info("the keys of this process could not be noted: %s", error)
        finally:
            connections.close_all()
        pause.wait(limits.KEYS_NOTED.total_seconds())


def note(name: str) -> None:
    values: dict[str, object] = {
        "encryption_key_ids": ",".join(encryption.key_ids()),
        "signing_key_ids": ",".join(signing_key_ids()),
        "seen_at": Now(),  # the database's: a process whose own clock is wrong must not count as gone
    }
    if not Process.objects.filter(name=name).update(**values):
        Process.objects.filter(seen_at__lt=Now() - limits.PROCESS_GONE).delete()
        Process.objects.create(name=name, **values)


def _warn_of_signing_key() -> None:
    if lacking := without_signing_key(signing_key_ids()[0]):
        log.error(
            "%d running processes do not have the SECRET_KEY of this one, so they sign out whom it signs in: a new key "
            "is in SECRET_KEY_FALLBACKS of every process before it is the SECRET_KEY of one",
            len(lacking),
        )


def signing_key_ids() -> list[str]:
    """The names of SECRET_KEY and SECRET_KEY_FALLBACKS."""
    keys: Iterable[str] = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hashlib.sha256(b"signing key id" + key.encode()).hexdigest()[:16] for key in keys]


def running() -> list[Process]:
    return list(Process.objects.filter(seen_at__gte=Now() - limits.PROCESS_GONE).order_by("name"))


def without_encryption_key(key_id: str) -> list[Process]:
    """The processes that cannot read what is encrypted with this key."""
    return [process for process in running() if key_id not in process.encryption_key_ids.split(",")]


def without_signing_key(key_id: str) -> list[Process]:
    return [process for process in running() if key_id not in process.signing_key_ids.split(",")]
