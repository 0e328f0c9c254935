"""The production settings, with waiting times that are short enough for a test, in a program of its own."""

import os
from datetime import timedelta

from accounts import limits

limits.KEYS_NOTED = timedelta(seconds=0.3)
limits.KEY_IN_USE_KEPT = timedelta(seconds=0.6)
limits.PROCESS_GONE = timedelta(seconds=3)
limits.SEAL_AFTER = timedelta(seconds=0.2)

from assetmaps.settings import *  # noqa: E402, F403

STATIC_ROOT = os.environ["STATIC_ROOT"]
EMAIL_FILE_PATH = os.environ.get("EMAIL_FILE_PATH")
