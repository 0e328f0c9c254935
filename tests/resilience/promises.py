"""What the portal promises during faults, and which promises were broken."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tests.resilience.visitors import VISITORS, WRONG, Seen

LONGEST = 5.0  # seconds that a visitor may wait for any answer
READY = 3.0  # seconds within which /healthz and /readyz answer
GROWTH = 1.5  # times the memory of before, at most


@dataclass(frozen=True)
class Promise:
    """``errors``: how many requests may fail, with 503 and Retry-After or a broken connection; ``may_be_unready``:
    /readyz may say so; ``may_grow``: new processes have less in memory to begin with, so it is not compared.
    ``starts``: visitors and probes may wait for a new server to begin; ``may_refuse``:
    codes may be refused; ``silence``: visitors may wait so many seconds
    for a machine that is silent; ``kills``: how often all was killed, each time with one probe under way at most."""

    errors: int = 0
    may_be_unready: bool = False
    may_grow: bool = False
    starts: bool = False
    may_refuse: bool = False
    silence: float = 0.0
    kills: int = 1


@dataclass(frozen=True)
class Usual:
    """While nothing happens, which says how busy the machine is with something else: ``longest``: what somebody waits,
    in seconds; ``failed``: the share of requests that are refused because it is too busy."""

    longest: float = 0.0
    failed: float = 0.0

    @classmethod
    def of(cls, *calm: Seen) -> Usual:
        """The worst of several times at which nothing happened."""
        longest = max(max(seen.longest, seen.longest_probe) for seen in calm)
        return cls(longest, max(seen.failed / max(seen.requests, 1) for seen in calm))


NOT_BUSY = Usual()


def broken(
    promise: Promise, seen: Seen, back: float, before: float, after: float, usual: Usual = NOT_BUSY, start: float = 0.0
) -> Iterator[str]:
    """In sentences. ``back``: seconds after which somebody could sign in again, 0 when nobody could; ``before``,
    ``after``: MiB; ``start``: how long the server takes to begin."""
    starting = 2 * start + usual.longest if promise.starts else 0.0
    longest = LONGEST + 2 * usual.longest + starting + promise.silence
    ready = READY + 2 * usual.longest + starting
    errors = promise.errors + math.ceil(2 * usual.failed * seen.requests)
    faults = sum(count for status, count in seen.statuses.items() if status >= 500 and status != 503)
    if faults:
        yield f"{faults} answers were faults of ours (500)"
    if seen.without_retry_after:
        yield f"{seen.without_retry_after} times 503 without Retry-After"
    refused = sum(count for status, count in seen.statuses.items() if 400 <= status < 500)
    if refused:
        yield f"{refused} requests were refused"
    if seen.statuses[WRONG] and not promise.may_refuse:
        yield f"{seen.statuses[WRONG]} answers led elsewhere"
    if seen.failed > errors:
        yield f"{seen.failed} requests failed, {errors} may"
    if seen.twice:
        yield f"a code was accepted twice, of {', '.join(seen.twice)}"
    if seen.longest > longest:
        yield f"somebody waited {seen.longest:.1f} s, {longest:.0f} s at most"
    if seen.longest_probe > ready:
        yield f"a probe waited {seen.longest_probe:.1f} s, {ready:.0f} s at most"
    yield from _probes(promise, seen)
    if not back:
        yield "nobody could sign in afterwards"
    if after > before * GROWTH and not promise.may_grow:
        yield f"memory grew from {before:.0f} to {after:.0f} MiB"


def _probes(promise: Promise, seen: Seen) -> Iterator[str]:
    for name, count in seen.probes.items():
        unready = name == "/readyz 503" and promise.may_be_unready
        # Of the worker that was killed one question may have been under way.
        lost = name.endswith("broken") and promise.errors > 0 and count <= promise.kills
        if not (name.endswith(" 200") or unready or lost):
            yield f"{name}: {count} times"


IN_FLIGHT = VISITORS + 4  # each has one request under way, and so have the pair with one code and who changes things
