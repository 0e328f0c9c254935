"""The portal as it runs, while the provider of one organisation is silent: everybody else is served.

`python -m tests.outbound` prints what visitors saw under the same loads, over a longer time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from accounts import limits
from tests.outbound import portal, visitors
from tests.outbound.portal import Portal
from tests.outbound.visitors import Crowd, Seen

pytestmark = pytest.mark.django_db  # which database the portal gets is asked of the connection
SECONDS = 7.0  # longer than a provider is waited for
HANGS = 4.0  # who waits for as long waits for the provider; generous, because test machines are slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal.running(tmp_path_factory.mktemp("portal"), providers=6) as started:
        yield started


def test_nobody_waits_for_a_provider_but_its_own_people(running: Portal) -> None:
    ready, signing_in, starts, tokens = Seen(), Seen(), Seen(), Seen()
    crowd = Crowd()
    for _ in range(4):
        crowd.add(visitors.start(running, starts), every=0.2)
    crowd.add(visitors.logout_post(running, tokens, "een.twee.drie"), every=1 / 6)
    crowd.add(visitors.look(running, ready, "/readyz"), every=0.2)
    crowd.add(visitors.sign_in(running, signing_in), every=1)
    with crowd:
        time.sleep(SECONDS)
    assert set(ready.statuses) == {200}
    assert set(signing_in.statuses) == {200, 302}
    assert set(starts.statuses) <= {400, 429}
    assert set(tokens.statuses) <= {400, 429}
    assert max(ready.longest, signing_in.longest, tokens.longest) < HANGS
    assert sum(wait > HANGS for wait in starts.waits) <= limits.SSO_AT_ONCE  # who found out
    assert "Traceback" not in running.log.read_text()


def test_several_silent_providers_leave_a_thread_for_everybody_else(running: Portal) -> None:
    ready, starts = Seen(), Seen()
    crowd = Crowd()
    for number in range(1, 6):
        crowd.add(visitors.start(running, starts, number), every=0.2)
    crowd.add(visitors.look(running, ready, "/readyz"), every=0.2)
    with crowd:
        time.sleep(SECONDS)
    assert set(ready.statuses) == {200}
    assert ready.longest < HANGS
    assert set(starts.statuses) <= {400, 429}


def test_threads_that_may_wait_are_fewer_than_those_that_answer() -> None:
    assert limits.OUTSIDE_AT_ONCE < limits.REQUEST_THREADS
