"""The production settings, with a hash that takes no time and files in a folder of the benchmark."""

import os

from accounts import limits

# Recovery codes are hashed by Argon2 as well; before the settings, because a hasher reads its cost once.
limits.ARGON2_MEMORY_KIB, limits.ARGON2_TIME = 16, 1

from assetmaps.settings import *  # noqa: E402, F403
from assetmaps.settings import MIDDLEWARE  # noqa: E402

PASSWORD_HASHERS = ["benchmarks.hashers.NoHash"]
STATIC_ROOT = os.environ["STATIC_ROOT"]
if os.environ.get("NEVER_SEAL"):
    WORKER_INTERVALS: dict[str, float] = {}
if os.environ.get("COUNT_STATEMENTS"):
    MIDDLEWARE.insert(0, "benchmarks.statements.counting")
