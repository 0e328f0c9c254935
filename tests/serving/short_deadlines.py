"""Settings of a portal with deadlines that are short enough for a test."""

from datetime import timedelta

from accounts import limits

limits.BODY_DEADLINE = timedelta(seconds=2)
limits.ANSWER_DEADLINE = timedelta(seconds=0.5)
limits.HEAD_DEADLINE = timedelta(seconds=1)
limits.BODIES_AN_ADDRESS = 3
limits.BODIES_AT_ONCE = 5
limits.CONNECTIONS_AN_ADDRESS = 5
limits.CONNECTIONS = 20

from tests.settings import *  # noqa: E402, F403

ROOT_URLCONF = "tests.serving.slow_pages_urls"
