"""The settings of a worker that a test starts as a program of its own: those of production, with short times."""

from datetime import timedelta

from accounts import limits

limits.TASK_HEARTBEAT, limits.TASK_WORKER_LOST = timedelta(seconds=0.5), timedelta(seconds=2)
limits.TASK_POLL = timedelta(seconds=0.1)
limits.IMPORT_BATCH, limits.IMPORT_LEASE = 2, timedelta(seconds=1)

from assetmaps.settings import *  # noqa: E402, F403

AUDIT_HEAD_FILE = ""  # each test begins a chain of its own
