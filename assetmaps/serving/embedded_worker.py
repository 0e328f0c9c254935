"""The worker for background work as a child of gunicorn's first process, which replaces it when it ends.

For `WORKER=embedded` (see `gunicorn.conf.py`): one command is the whole portal. It is forked like the workers for
requests, with which it shares the memory of what was loaded before.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from typing import Any

from django.conf import settings

from accounts import limits

log = logging.getLogger(__name__)


class EmbeddedWorker:
    """gunicorn's main loop looks after it each second. There are no hooks there, so two methods are extended."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._manage_workers, self._stop_workers = server.manage_workers, server.stop
        server.manage_workers, server.stop = self._manage, self._stop
        self._pid = 0
        self._name = ""
        self._start_at = 0.0

    def _manage(self) -> None:
        self._manage_workers()
        if not self._is_alive() and time.monotonic() >= self._start_at:
            self._start()

    def _is_alive(self) -> bool:
        if not self._pid:
            return False
        try:
            return os.waitpid(self._pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:  # gunicorn itself has noticed its end
            return False

    def _start(self) -> None:
        from accounts.background import running  # here, because Django is set up by now

        if self._pid:
            log.error("the worker for background work (pid %d) has ended, and is replaced", self._pid)
        replaces, self._name = self._name, running.new_name()
        self._start_at = time.monotonic() + limits.TASK_WORKER_AGAIN.total_seconds()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _run(self._server, self._name, replaces, parent)

    def _stop(self, graceful: bool = True) -> None:
        """Together with the workers for requests; both finish what they have in hand."""
        if self._is_alive():
            os.kill(self._pid, signal.SIGTERM)
        self._stop_workers(graceful)

    def wait(self) -> None:
        """Until it has ended; at most as long as requests may take."""
        until = time.monotonic() + limits.STOP_DEADLINE.total_seconds()
        while self._is_alive() and time.monotonic() < until:
            time.sleep(0.05)


def _run(server: Any, name: str, replaces: str, parent: int) -> None:
    """In the new process; does not return."""
    status = 1
    try:
        for number in server.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        for listener in server.LISTENERS:
            os.close(listener.fileno())  # else the address stays taken when the server has ended
        from accounts.background.process import Process  # here: only this process needs them
        from accounts.key_rotation import presence
        from assetmaps.metrics import server as metrics

        metrics.close()
        presence.start()
        Process(name=name, replaces=replaces, parent=parent).run()
        status = 0
    except BaseException:
        log.exception("the worker for background work failed")
    finally:
        logging.shutdown()
        os._exit(status)


def begin(server: Any) -> EmbeddedWorker | None:
    """None where the worker is started apart from the server."""
    return EmbeddedWorker(server) if settings.WORKER == "embedded" else None
