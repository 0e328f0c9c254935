"""Settings of a portal with pages that hang, or leave something behind to be done."""

from datetime import timedelta

from accounts import limits

limits.STUCK_AFTER = timedelta(seconds=0.5)

from tests.settings import *  # noqa: E402, F403

ROOT_URLCONF = "tests.serving.hanging_urls"
