"""Deployment checks that ask the services and the system: what the settings alone do not tell.

A service that does not answer is reported by `/readyz` and the log, not here: then its check says nothing.
"""

from __future__ import annotations

import platform
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.checks import CheckMessage, Error, Warning
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import limits
from accounts.background.models import Worker
from assetmaps import gunicorn_settings

# File systems that several machines use at once (the third field of /proc/mounts). SQLite cannot lock files on them,
# and its write-ahead log is in memory that only processes of one machine share.
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2", "fuse.sshfs"}
    | {"fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse", "fuse.blobfuse", "fuse.blobfuse2"}
)
MOUNTS = Path("/proc/mounts")
UNSEEN = timedelta(minutes=5)  # a worker says every few seconds that it is there (`limits.TASK_HEARTBEAT`)
OTHER_CONNECTIONS = 6 + 4  # of a worker; of `migrate`, `purge`, a backup and an operator at the same time

LIMITS = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       pg_backend_pid()
UNION ALL SELECT rolconnlimit, pg_backend_pid() FROM pg_roles WHERE rolname = current_user
UNION ALL SELECT datconnlimit, pg_backend_pid() FROM pg_database WHERE datname = current_database()
"""


def sqlite_is_on_this_machine() -> CheckMessage | None:
    """On a network drive SQLite is either used by several machines, or will be damaged by the first outage."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3") or (kind := file_system_of(Path(database["NAME"]))) is None:
        return None
    if kind not in NETWORK_FILE_SYSTEMS:
        return None
    hint = "Set DATABASE_URL to a PostgreSQL database; SQLite needs a disk of this machine, and one machine only."
    return Error(f"DATABASE_URL names an SQLite file on a network drive ({kind}).", hint=hint, id="assetmaps.E011")


def file_system_of(file: Path) -> str | None:
    """The kind of the file system that holds this file, or would hold it; None where the system does not tell."""
    try:
        lines = MOUNTS.read_text().splitlines()
    except OSError:
        return None
    # A later line covers an earlier one of the same place.
    places = {fields[1].replace("\\040", " "): fields[2] for fields in map(str.split, lines) if len(fields) > 2}
    folder = file.absolute().parent.resolve()
    return next((places[str(above)] for above in (folder, *folder.parents) if str(above) in places), None)


def database_has_room_for_every_process() -> CheckMessage | None:
    """Otherwise the last processes to start, or all of them under load, show the page of an outage."""
    processes = gunicorn_settings.workers()
    wanted = processes * (limits.REQUEST_THREADS + limits.DATABASE_BACKGROUND) + OTHER_CONNECTIONS
    allowed = connections_allowed()
    if allowed is None or wanted <= allowed:
        return None
    hint = (
        "Raise max_connections in postgresql.conf (or the limit of this role or database), start fewer processes, or "
        'put PgBouncer in between: docs/operations.md, "Outages". Count every machine.'
    )
    told = (
        f"{processes} processes of this machine may take {wanted} database connections; the database allows {allowed}."
    )
    return Warning(told, hint=hint, id="assetmaps.W006")


def connections_allowed() -> int | None:
    """For this role in this database; None on SQLite, behind PgBouncer, or when the database does not answer."""
    if connection.vendor != "postgresql":
        return None
    try:
        with connection.cursor() as cursor:
            cursor.execute(LIMITS)
            found = cursor.fetchall()
            # PgBouncer tells a number of its own; then processes may be more than connections.
            direct = cursor.connection.info.backend_pid == found[0][1]
    except DatabaseError:
        return None
    return min(limit for limit, _pid in found if limit >= 0) if direct else None


def cache_keeps_what_it_counts() -> CheckMessage | None:
    """A Redis that removes entries when it is full forgets wrong attempts: whoever fills it opens the limits."""
    policy = eviction_policy()
    if policy in (None, "noeviction"):
        return None
    hint = "Set maxmemory-policy noeviction in redis.conf, and enough maxmemory; use this Redis for nothing else."
    return Warning(
        f"Redis removes entries when it is full (maxmemory-policy {policy}).", hint=hint, id="assetmaps.W007"
    )


def eviction_policy() -> str | None:
    """None with local memory, without a limit of memory, or when Redis does not answer or does not tell."""
    if not settings.CACHES["default"]["BACKEND"].endswith("SharedCache"):
        return None
    memory: dict[str, Any] | None = cache.server_memory()  # type: ignore[attr-defined]
    return memory.get("maxmemory_policy") if memory and memory.get("maxmemory") else None


def worker_runs() -> CheckMessage | None:
    """Without one no mail leaves, no list is carried out, and the audit trail is not sealed."""
    since = timezone.now() - UNSEEN
    try:
        if Worker.objects.seen_within(UNSEEN).exists():
            return None
        # A new portal, whose server was not started yet, has nothing that waits.
        if settings.WORKER == "embedded" and not DBTaskResult.objects.ready().filter(enqueued_at__lt=since).exists():
            return None
    except DatabaseError:
        return None
    start = "`manage.py worker` (deploy/assetmaps-worker.service)" if settings.WORKER == "separate" else "the server"
    hint = f"Start {start}; its log says why it ended. WORKER is {settings.WORKER}. What waits is done when it runs."
    told = f"No worker was seen for {UNSEEN // timedelta(minutes=1)} minutes: mail waits, and nothing is sealed."
    return Warning(told, hint=hint, id="assetmaps.W008")


def machines_share_what_they_must() -> CheckMessage | None:
    """The heartbeats of workers tell on which machines the portal runs."""
    try:
        seen = Worker.objects.seen_within(UNSEEN).values_list("host", flat=True)
        hosts = {*seen, platform.node()}
    except DatabaseError:
        return None
    alone = []
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        alone.append("DATABASE_URL names an SQLite database")
    if settings.CACHES["default"]["BACKEND"].endswith("ProcessCache"):
        alone.append("CACHE_URL names no shared cache")
    if len(hosts) == 1 or not alone:
        return None
    hint = "Set DATABASE_URL to a PostgreSQL database and CACHE_URL to a Redis server that every machine reaches."
    told = f"The portal runs on {len(hosts)} machines ({', '.join(sorted(hosts))}), and {' and '.join(alone)}."
    return Error(told, hint=hint, id="assetmaps.E013")


JUDGES = (
    sqlite_is_on_this_machine,
    database_has_room_for_every_process,
    cache_keeps_what_it_counts,
    worker_runs,
    machines_share_what_they_must,
)
