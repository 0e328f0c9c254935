"""The worker class of gunicorn (`gunicorn.conf.py`): uvicorn with `HttpProtocol`."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
from typing import Any

from uvicorn_worker import UvicornWorker

from accounts import limits, metrics
from assetmaps.serving.connections import open_connections

log = logging.getLogger(__name__)


class Worker(UvicornWorker):
    """One worker process. gunicorn's master process replaces it when it ends or sends no heartbeat."""

    CONFIG_KWARGS: dict[str, Any] = {
        "loop": "uvloop",
        "http": "assetmaps.serving.protocol:HttpProtocol",  # by name: it needs Django, which is set up later
        "interface": "asgi3",
        "ws": "none",
        "lifespan": "off",
        "proxy_headers": False,  # read by our own application
        "server_header": False,
        "access_log": False,
        "timeout_graceful_shutdown": int(limits.STOP_DEADLINE.total_seconds()),
    }

    _stuck_logged = False

    def init_process(self) -> None:
        self.notify()  # gunicorn monitors a worker from its first heartbeat
        open_connections.raise_file_limit()
        super().init_process()

    def init_signals(self) -> None:
        super().init_signals()
        # uvicorn raises the signal again when it has stopped. By default that ends the process at once, whatever its
        # threads still work on. This way Python waits for them.
        signal.signal(signal.SIGTERM, _exit)

    async def _serve(self) -> None:
        from accounts.key_rotation import presence  # here: it needs Django, which is set up later

        presence.start()
        heartbeat = asyncio.create_task(self._heartbeat())
        try:
            await super()._serve()
        finally:
            heartbeat.cancel()

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._notify_unless_stuck()
            if metrics.recorder:
                metrics.recorder.process_state(busy=self.wsgi.threads.busy, waiting=self.wsgi.threads.waiting)
            open_connections.close_overdue(asyncio.get_running_loop().time())
            if os.getppid() != self.ppid:
                log.error("the process that looks after the workers is gone; this one ends too")
                os.kill(os.getpid(), signal.SIGTERM)
                return

    async def callback_notify(self) -> None:
        """uvicorn calls this at intervals that depend on the timeout; `_heartbeat` does it every second instead."""

    def _notify_unless_stuck(self) -> None:
        """Without a heartbeat gunicorn replaces this worker."""
        if self.wsgi.threads.stuck_for() <= limits.STUCK_AFTER.total_seconds():
            self.notify()
        elif not self._stuck_logged:
            self._stuck_logged = True
            log.error("all threads are stuck; the worker will be replaced")
            faulthandler.dump_traceback(all_threads=True)


def _exit(*_signal: object) -> None:
    sys.exit(0)
