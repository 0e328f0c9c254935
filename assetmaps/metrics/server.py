"""Answers Prometheus on an address of its own, which visitors cannot reach.

The master process of gunicorn opens the socket, and every worker answers on it from a thread: each can read the counts
of all, a worker that dies takes nothing along, and no thread runs in the process that forks.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
import threading
from socketserver import ThreadingMixIn
from types import ModuleType
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings

from accounts import limits, metrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client while it is imported
POLL = 3600.0  # seconds between looks whether to stop, which nobody asks for: the thread ends with the process
_socket: socket.socket | None = None
_folder = ""


def begin(*, shared: bool = True) -> ModuleType:
    """Count from now on. ``shared``: together with the processes that this one forks. Returns `collection`."""
    global _folder
    if shared and not _folder:
        _folder = tempfile.mkdtemp(prefix="assetmaps-metrics-")
        # systemd-tmpfiles removes what is old in /tmp, except in a folder with a lock (tmpfiles.d(5)).
        fcntl.flock(os.open(_folder, os.O_RDONLY), fcntl.LOCK_SH)
        os.environ[SHARED] = _folder  # also where it is set: after USR2 that is the folder of the previous master
    from assetmaps.metrics import collection  # here: not while metrics are off, and after the folder is there

    metrics.recorder = collection.RECORDER
    return collection


def open_socket(address: str) -> socket.socket:
    """``address``: host:port. Raises OSError when it is taken."""
    global _socket
    host, _colon, port = address.rpartition(":")
    # Two masters share it while gunicorn is replaced without an interruption (USR2).
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    _socket = socket.create_server((host, int(port)), family=family, reuse_port=True)
    _socket.setblocking(False)  # of the workers that wake up for one request, all but one find nothing
    return _socket


def close() -> None:
    """In a process that answers nobody: else the address stays taken when the server has ended."""
    if _socket is not None:
        _socket.close()


def serve() -> None:
    """Answer on the socket from a thread of this process, for all that share the folder; nothing without a socket."""
    if _socket is None:
        return
    from prometheus_client import CollectorRegistry, multiprocess

    from assetmaps.metrics import state

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=_folder)
    registry.register(state.Collector())
    _answer(_socket, registry)


def begin_worker() -> None:
    """In a process of background tasks. One that gunicorn forked counts into the folder, and gunicorn's workers answer
    for it; any other answers for itself on WORKER_METRICS_ADDRESS."""
    if _socket is not None:
        _socket.close()  # else the address stays taken when the server has ended
    elif settings.WORKER_METRICS_ADDRESS:
        collection = begin(shared=False)
        _answer(open_socket(settings.WORKER_METRICS_ADDRESS), collection.REGISTRY)


def _answer(listening: socket.socket, registry: CollectorRegistry) -> None:
    from prometheus_client import make_wsgi_app

    server = _Server(listening)
    server.set_app(make_wsgi_app(registry))
    threading.Thread(target=server.serve_forever, args=(POLL,), name="metrics", daemon=True).start()


def forget(pid: int) -> None:
    """A process has ended: what it had going counts no more, what it counted stays."""
    if _folder:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(pid, _folder)


def end() -> None:
    """Remove the shared files, when the last process has ended."""
    if _folder:
        shutil.rmtree(_folder, ignore_errors=True)


def configured() -> str:
    return str(settings.METRICS_ADDRESS)


class _Handler(WSGIRequestHandler):
    timeout = limits.METRICS_DEADLINE.total_seconds()

    def log_message(self, format: str, *args: Any) -> None:
        """No line for each request."""


class _Server(ThreadingMixIn, WSGIServer):
    """On a socket that is open already."""

    daemon_threads = True

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_name, self.server_port = listening.getsockname()[:2]
        self.setup_environ()
