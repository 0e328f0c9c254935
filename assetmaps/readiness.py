"""Whether this process can serve: the database answers and has all migrations, the files are there, and the secrets in
the database can be opened. What never changes for the worse is looked at until it is good, and then no more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.files.storage import Storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts import encryption, limits
from accounts.sso.models import SEALED, Connection
from accounts.two_factor.models import Authenticator
from assetmaps import logs

log = logging.getLogger(__name__)
Look = Callable[[], str]  # what is wrong, a sentence for the operator; empty when nothing is

NOT_COLLECTED = (".*", "*~", "CVS")  # what `collectstatic` leaves out


class Readiness:
    """What one process found out; its threads share the answer, so that a flood of questions costs one look a second.

    The look has a thread and a connection of its own: a database that does not answer holds neither the threads that
    serve pages nor their connections. One look at a time; who asks meanwhile gets the answer before it, when that
    is recent.
    """

    def __init__(self, slow: tuple[Look, ...] | None = None) -> None:
        self._slow = list(SLOW if slow is None else slow)
        self._lock = threading.Lock()
        self._thread = threading.Thread()  # not begun
        self._begun = self._ended = float("-inf")
        self._reason = "nothing was looked at yet"

    def reason(self) -> str:
        """Why this process is not ready; empty when it is. Answers within `limits.READY_TIMEOUT`."""
        with self._lock:
            now = time.monotonic()
            kept = limits.READY_AGAIN if self._reason else limits.READY_KEPT
            if now - self._ended < kept.total_seconds():
                return self._reason
            is_first = not self._thread.is_alive()
            if is_first:
                self._begin(now)
            left = self._begun + limits.READY_TIMEOUT.total_seconds() - now
            if not is_first and left > 0 and now - self._ended < limits.READY_STALE.total_seconds():
                return self._reason
            thread = self._thread
        return self._after(thread, left)

    def _begin(self, now: float) -> None:
        self._begun = now
        # A daemon, so that a look that hangs does not keep the process from stopping.
        self._thread = threading.Thread(target=self._look, name="readiness", daemon=True)
        self._thread.start()

    def _after(self, thread: threading.Thread, seconds: float) -> str:
        thread.join(max(0.0, seconds))
        if thread.is_alive():
            return _tell(f"the database did not answer within {limits.READY_TIMEOUT.total_seconds():.0f} s")
        return self._reason

    def _look(self) -> None:
        try:
            reason = _database() or self._slow_looks()
        except Exception as mistake:
            reason = f"{type(mistake).__name__} while looking: {mistake}"
        finally:
            connection.close()
        self._reason, self._ended = _tell(reason), time.monotonic()

    def _slow_looks(self) -> str:
        while self._slow:
            if reason := self._slow[0]():
                return reason
            self._slow.pop(0)
        return ""


def _tell(reason: str) -> str:
    if reason and logs.is_news(f"not ready: {reason}"[:60]):
        log.error("not ready: %s", reason)
    return reason


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def migrations() -> str:
    """Rows of a newer release do no harm: an old process goes on while the new one migrates."""
    executor = MigrationExecutor(connection)
    missing = [str(migration) for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    return f"migrations are missing, run migrate: {', '.join(missing[:5])}" if missing else ""


def static_files(storage: Storage | None = None) -> str:
    """A process reads the manifest when it begins, so it must begin anew after `collectstatic`."""
    storage = storage or staticfiles_storage
    if not isinstance(storage, ManifestFilesMixin):
        return ""
    collected = {name for finder in get_finders() for name, _storage in finder.list(NOT_COLLECTED)}
    missing = sorted(collected - set(storage.hashed_files))
    return f"files are missing, run collectstatic and restart: {', '.join(missing[:5])}" if missing else ""


def secrets() -> str:
    """Only whether a key is there: one secret that somebody damaged must not close the portal for everybody."""
    for name, sealed in _newest_secrets():
        if not encryption.has_key_of(sealed):
            return f"{name} was sealed with a key that is not in ENCRYPTION_KEYS"
    return ""


def _newest_secrets() -> Iterator[tuple[str, bytes]]:
    device = Authenticator.objects.order_by("-pk").first()
    if device:
        yield f"authenticator {device.pk}", bytes(device.sealed_secret)
    agreement = Connection.objects.order_by("-changed_at").first()
    for field in SEALED if agreement else ():
        if sealed := bytes(getattr(agreement, field)):
            yield f"{field} of single sign-on {agreement}", sealed


SLOW = (migrations, static_files, secrets)
PROCESS = Readiness()
