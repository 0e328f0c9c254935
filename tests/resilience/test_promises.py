"""The judge of `python -m tests.resilience`, of which `make test` runs a short selection."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import server
from tests.resilience import portal
from tests.resilience.promises import Promise, Usual, broken
from tests.resilience.visitors import BROKEN, WRONG, Seen


def test_what_is_hurt_is_the_command_of_the_readme() -> None:
    assert portal.production_command(4711)[1:] == server.command("http://127.0.0.1:4711", "--workers", "2")[1:]


def judged(promise: Promise = Promise(), back: float = 1.0, after: float = 100, **seen: object) -> list[str]:  # noqa: B008
    return list(broken(promise, Seen(**seen), back, 100, after))


def test_portal_that_is_well_breaks_no_promise() -> None:
    assert judged(statuses=Counter({200: 9, 302: 3}), probes=Counter({"/healthz 200": 5, "/readyz 200": 5})) == []
    hurt = Promise(errors=2, may_be_unready=True)
    assert judged(hurt, statuses=Counter({200: 9, 503: 1, BROKEN: 1}), probes=Counter({"/readyz 503": 3})) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"statuses": Counter({500: 1})}, "faults of ours"),
        ({"statuses": Counter({502: 1})}, "faults of ours"),
        ({"statuses": Counter({503: 1})}, "requests failed"),
        ({"statuses": Counter({BROKEN: 1})}, "requests failed"),
        ({"statuses": Counter({429: 1})}, "refused"),
        ({"statuses": Counter({WRONG: 1})}, "led elsewhere"),
        ({"twice": ["iemand"]}, "accepted twice"),
        ({"without_retry_after": 1}, "without Retry-After"),
        ({"longest": 6.0}, "somebody waited"),
        ({"longest_probe": 6.0}, "a probe waited"),
        ({"probes": Counter({"/readyz 503": 1})}, "/readyz 503"),
        ({"probes": Counter({"/healthz broken": 1})}, "/healthz broken"),
        ({"back": 0.0}, "nobody could sign in"),
        ({"after": 200.0}, "memory grew"),
    ],
)
def test_each_promise_that_is_broken_is_told(facts: dict, words: str) -> None:
    [complaint] = judged(**facts)
    assert words in complaint


def test_machine_that_was_busy_all_the_time_breaks_no_promise() -> None:
    busy = Usual.of(
        Seen(statuses=Counter({200: 95, 503: 5}), longest=3.0), Seen(statuses=Counter({200: 100}), longest_probe=4.0)
    )
    assert busy == Usual(4.0, 0.05)
    seen = Seen(statuses=Counter({200: 92, 503: 8}), longest=7.0, longest_probe=3.5)
    assert list(broken(Promise(), seen, 1.0, 100, 100, busy)) == []
    assert len(list(broken(Promise(), seen, 1.0, 100, 100))) == 3
    worse = Seen(statuses=Counter({503: 20, 200: 80}))
    assert list(broken(Promise(), worse, 1.0, 100, 100, busy)) == ["20 requests failed, 10 may"]
