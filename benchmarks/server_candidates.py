"""The servers that were compared, each with the command that a README would give for it, at two workers."""

from __future__ import annotations

from dataclasses import dataclass

THREADS = "8"


@dataclass(frozen=True)
class Candidate:
    """``program``: of the virtual environment; ``needs``: packages beside those of requirements.txt."""

    name: str
    program: str
    options: tuple[str, ...]
    needs: tuple[str, ...] = ()

    def command(self, folder: str, port: int) -> list[str]:
        return [f"{folder}/{self.program}", *(option.replace("PORT", str(port)) for option in self.options)]


_GUNICORN = ("-c", "/dev/null", "-b", "127.0.0.1:PORT", "-w", "2", "--no-control-socket", "--log-level", "error")
_UVICORN = ("--port", "PORT", "--workers", "2", "--no-access-log", "--log-level", "error")
_GRANIAN = ("--port", "PORT", "--workers", "2", "--log-level", "error", "--respawn-failed-workers")
WSGI, ASGI, BARE_ASGI = "assetmaps.wsgi:application", "assetmaps.asgi:application", "benchmarks.served:a2wsgi"

CANDIDATES = [
    Candidate("gunicorn, threads", "gunicorn", (*_GUNICORN, "-k", "gthread", "--threads", THREADS, WSGI)),
    Candidate(
        "gunicorn, threads, preloaded",
        "gunicorn",
        (*_GUNICORN, "-k", "gthread", "--threads", THREADS, "--preload", WSGI),
    ),
    Candidate(
        "gunicorn's own ASGI worker", "gunicorn", (*_GUNICORN, "-k", "asgi", "--preload", ASGI), ("gunicorn_h1c",)
    ),
    Candidate("gunicorn with uvicorn-worker", "gunicorn", (*_GUNICORN, "-k", "uvicorn_worker.UvicornWorker", ASGI)),
    Candidate(
        "the same with a2wsgi", "gunicorn", (*_GUNICORN, "-k", "uvicorn_worker.UvicornWorker", BARE_ASGI), ("a2wsgi",)
    ),
    Candidate("uvicorn", "uvicorn", (*_UVICORN, ASGI)),
    Candidate(
        "granian, WSGI",
        "granian",
        ("--interface", "wsgi", *_GRANIAN, "--blocking-threads", THREADS, WSGI),
        ("granian",),
    ),
    Candidate("granian, ASGI", "granian", ("--interface", "asginl", *_GRANIAN, ASGI), ("granian",)),
    Candidate(
        "ours (gunicorn.conf.py)", "gunicorn", ("--bind", "127.0.0.1:PORT", "--workers", "2", "--log-level", "error")
    ),
]
