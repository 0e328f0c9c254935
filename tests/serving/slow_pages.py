"""Settings of a portal with pages that hang, or that leave work in the background."""

from datetime import timedelta

from accounts import limits

limits.STUCK_AFTER = timedelta(seconds=0.5)

from tests.settings import *  # noqa: E402, F403

ROOT_URLCONF = "tests.serving.slow_pages_urls"
