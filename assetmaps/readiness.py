"""Readiness of this process: the database answers and has all migrations, the static files are there, and the secrets
in the database can be decrypted. A check whose result cannot get worse runs until it has passed once."""

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
from accounts.sso.models import Connection
from accounts.two_factor.models import Authenticator, Passkey
from assetmaps import logs

log = logging.getLogger(__name__)
ReadinessCheck = Callable[[], str]  # returns what is wrong, a sentence for the operator; empty when nothing is

NOT_COLLECTED = (".*", "*~", "CVS")  # `collectstatic` ignores these


class Readiness:
    """The readiness of one process; its threads share the result, so that many requests cost one check a second.

    The check has its own thread and database connection, so that a database that does not answer blocks neither the
    threads that serve pages nor their connections. One check at a time; requests meanwhile get the previous result if
    that is recent.
    """

    def __init__(self, one_time_checks: tuple[ReadinessCheck, ...] | None = None) -> None:
        self._one_time_checks = list(ONE_TIME_CHECKS if one_time_checks is None else one_time_checks)
        self._lock = threading.Lock()
        self._thread = threading.Thread()  # not started
        self._started_at = self._finished_at = float("-inf")
        self._reason = "nothing was looked at yet"

    def reason(self) -> str:
        """Why this process is not ready; empty when it is. Answers within `limits.READY_TIMEOUT`."""
        with self._lock:
            now = time.monotonic()
            kept = limits.READY_AGAIN if self._reason else limits.READY_KEPT
            if now - self._finished_at < kept.total_seconds():
                return self._reason
            is_first = not self._thread.is_alive()
            if is_first:
                self._start(now)
            left = self._started_at + limits.READY_TIMEOUT.total_seconds() - now
            if not is_first and left > 0 and now - self._finished_at < limits.READY_STALE.total_seconds():
                return self._reason
            thread = self._thread
        return self._wait_for(thread, left)

    def _start(self, now: float) -> None:
        self._started_at = now
        # A daemon, so that a check that hangs does not keep the process from stopping.
        self._thread = threading.Thread(target=self._check, name="readiness", daemon=True)
        self._thread.start()

    def _wait_for(self, thread: threading.Thread, seconds: float) -> str:
        thread.join(max(0.0, seconds))
        if thread.is_alive():
            return _log_reason(f"the database did not answer within {limits.READY_TIMEOUT.total_seconds():.0f} s")
        return self._reason

    def _check(self) -> None:
        try:
            reason = _database() or self._run_one_time_checks()
        except Exception as mistake:
            reason = f"{type(mistake).__name__} while looking: {mistake}"
        finally:
            connection.close()
        self._reason, self._finished_at = _log_reason(reason), time.monotonic()

    def _run_one_time_checks(self) -> str:
        while self._one_time_checks:
            if reason := self._one_time_checks[0]():
                return reason
            self._one_time_checks.pop(0)
        return ""


def _log_reason(reason: str) -> str:
    if reason and logs.is_due(f"not ready: {reason}"[:60]):
        log.error("not ready: %s", reason)
    return reason


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def migrations() -> str:
    """Migrations of a newer release do no harm: an old process goes on while the new one migrates."""
    executor = MigrationExecutor(connection)
    missing = [str(migration) for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    return f"migrations are missing, run migrate: {', '.join(missing[:5])}" if missing else ""


def static_files(storage: Storage | None = None) -> str:
    """A process reads the manifest when it starts, so it must be restarted after `collectstatic`."""
    storage = storage or staticfiles_storage
    if not isinstance(storage, ManifestFilesMixin):
        return ""
    collected = {name for finder in get_finders() for name, _storage in finder.list(NOT_COLLECTED)}
    missing = sorted(collected - set(storage.hashed_files))
    return f"files are missing, run collectstatic and restart: {', '.join(missing[:5])}" if missing else ""


def secrets() -> str:
    """Only whether the key is there: one damaged secret must not close the portal for everybody."""
    for name, sealed in _newest_secrets():
        if not encryption.has_key_of(sealed):
            return f"{name} was sealed with a key that is not in ENCRYPTION_KEYS"
    return ""


def _newest_secrets() -> Iterator[tuple[str, bytes]]:
    device = Authenticator.objects.order_by("-pk").first()
    if device:
        yield f"authenticator {device.pk}", bytes(device.sealed_secret)
    passkey = Passkey.objects.order_by("-pk").first()
    if passkey:
        yield f"passkey {passkey.pk}", bytes(passkey.sealed_key)
    agreement = Connection.objects.order_by("-changed_at").first()
    for field in Connection.SEALED if agreement else ():
        if sealed := bytes(getattr(agreement, field)):
            yield f"{field} of single sign-on {agreement}", sealed


ONE_TIME_CHECKS = (migrations, static_files, secrets)
PROCESS = Readiness()
