"""Configuration of gunicorn, which reads this file from the folder that it is started in. Options on the command line
(`--bind`, `--workers`) override it. docs/server.md gives the reasons."""

import gc
from typing import Any

from accounts import limits

# What is loaded before the fork stays, so looking for garbage in it is in vain; `assetmaps.asgi` enables it at the end.
gc.disable()

wsgi_app = "assetmaps.asgi:application"
worker_class = "assetmaps.serving.worker.Worker"
bind = "127.0.0.1:8000"
workers = 2
# The application is loaded once, before the workers are forked: they share its memory, and a new one serves at once.
preload_app = True
keepalive = int(limits.KEPT_ALIVE.total_seconds())
timeout = int(limits.SILENT_AFTER.total_seconds())
graceful_timeout = int(limits.STOP_DEADLINE.total_seconds()) + 5  # the worker's own deadline comes first
control_socket_disable = True
# One JSON object per line on standard error, as the portal itself logs. The access log is that of the proxy.
_handled = {"handlers": ["console"], "propagate": False}
logconfig_dict = {
    "formatters": {"json": {"()": "assetmaps.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"gunicorn.error": _handled, "gunicorn.access": _handled},
    "root": {"handlers": ["console"]},
}


_embedded: list[Any] = []


# Imported here, because Django is set up after this file is read. Metrics, where METRICS_ADDRESS is set.
def when_ready(master: object) -> None:
    from assetmaps.metrics import server
    from assetmaps.serving import embedded_worker

    if server.configured():
        server.open_socket(server.configured())
    _embedded.append(embedded_worker.begin(master))


def post_worker_init(_worker: object) -> None:
    from assetmaps.metrics import server

    server.serve()


def child_exit(_server: object, worker: Any) -> None:
    from assetmaps.metrics import server

    server.forget(worker.pid)


def on_exit(_server: object) -> None:
    from assetmaps.metrics import server

    for worker in filter(None, _embedded):
        worker.wait()
    server.end()
