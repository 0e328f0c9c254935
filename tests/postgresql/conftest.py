"""For the run on PostgreSQL only: elsewhere there is none to stop, and these files are not collected."""

from __future__ import annotations

import os
import shutil

from django.conf import settings

from tests.services import PGBOUNCER

collect_ignore_glob = [] if settings.DATABASES["default"]["ENGINE"].endswith("postgresql") else ["test_*.py"]
# Where nothing may be left out the test fails instead.
collect_ignore = [] if shutil.which(PGBOUNCER) or os.environ.get("STRICT") else ["test_pgbouncer.py"]
