from __future__ import annotations

import os
import shutil

# Where nothing may be left out the test fails instead.
collect_ignore = [] if shutil.which("redis-server") or os.environ.get("STRICT") else ["test_cache.py"]
