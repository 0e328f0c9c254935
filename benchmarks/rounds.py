"""What visits cost the servers, in rounds in which the sides take turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.serving import Server
from benchmarks.visits import Bare, Browser

CLIENTS = 8
# Seconds after which a server has done what follows its answers: the portal seals its audit trail after three
# (limits.SEAL_AFTER) and sends mail in the background.
SETTLED = 5
# Of each round, by the name of a side.
Figures = dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds, how many visits of a side in each, and ``fresh``: how often a process is started
    anew. The first of the rounds does not count."""

    rounds: int
    sign_ins: int
    pages: int
    set_ups: int
    fresh: int
    seconds: float

    def people(self, only: list[str]) -> int:
        """How many these parts need; each signs in once, because a code works once."""
        signing_in = {"sign-in", "passkey"} & set(only)
        turns = max(self.sign_ins * len(signing_in), self.set_ups * ("set-up" in only))
        fresh = 2 * (self.fresh + 1) * CLIENTS * ("start" in only)  # ours starts with and without background work
        return (self.rounds + 1) * turns + fresh + 2 * CLIENTS


FULL = Size(rounds=11, sign_ins=20, pages=100, set_ups=10, fresh=7, seconds=1.0)
QUICK = Size(rounds=5, sign_ins=15, pages=60, set_ups=8, fresh=3, seconds=0.5)


def ratios(figures: Figures, name: str, beside: str) -> tuple[float, ...]:
    """Of each round."""
    return tuple(one / other for one, other in zip(figures[name], figures[beside], strict=True))


def sign_in(servers: list[Server], size: Size) -> Figures:
    """Processor milliseconds of a sign-in, each in a browser that was never used."""

    def visit(server: Server) -> None:
        for person in server.prepared.take_people(size.sign_ins):
            browser = server.browser()
            server.side.visits.sign_in(browser, person)
            browser.close()

    return _with_what_follows(servers, size.rounds, size.sign_ins, visit)


def set_up(servers: list[Server], size: Size) -> Figures:
    """Processor milliseconds of setting up an authenticator app, by somebody who is signed in."""
    ready: dict[str, list[Browser]] = {}
    for server in servers:
        ready[server.side.name] = []
        for person in server.prepared.take_newcomers((size.rounds + 1) * size.set_ups):
            browser = server.browser()
            server.side.visits.first_factor(browser, person)
            browser.close()  # it opens a connection again; the server keeps no thousand
            ready[server.side.name].append(browser)

    def visit(server: Server) -> None:
        for _ in range(size.set_ups):
            browser = ready[server.side.name].pop()
            server.side.visits.set_up(browser)
            browser.close()

    return _with_what_follows(servers, size.rounds, size.set_ups, visit)


def landing(servers: list[Server], size: Size, browsers: dict[str, list[Browser]]) -> Figures:
    """Processor milliseconds of the landing page, the clients one after another."""

    def visit(server: Server) -> None:
        for number in range(size.pages):
            server.side.visits.landing(browsers[server.side.name][number % CLIENTS])

    return _alone(_turns(servers, size.rounds, visit), size.pages)


def signed_in(servers: list[Server]) -> dict[str, list[Browser]]:
    """For each side as many people as clients, signed in fully."""
    found: dict[str, list[Browser]] = {}
    for server in servers:
        found[server.side.name] = []
        for person in server.prepared.take_people(CLIENTS):
            browser = server.browser()
            server.side.visits.sign_in(browser, person)
            server.side.visits.landing(browser)
            found[server.side.name].append(browser)
    return found


def landings_a_second(
    servers: list[Server], size: Size, browsers: dict[str, list[Browser]], page_of: Callable[[Bare], str]
) -> Figures:
    """Pages a second, with all clients at once. ``page_of``: the address that the visits of a side ask for."""
    figures: dict[str, list[float]] = {server.side.name: [] for server in servers}
    for _ in range(size.rounds):
        for server in servers:
            page, own = page_of(server.side.visits), browsers[server.side.name]
            figures[server.side.name].append(_crowd(page, own, size.seconds))
    return {name: tuple(values) for name, values in figures.items()}


def _crowd(page: str, browsers: list[Browser], seconds: float) -> float:
    begun = time.monotonic()
    counts = [0] * len(browsers)

    def ask(number: int) -> None:
        while time.monotonic() < begun + seconds:
            browsers[number].get(page)
            counts[number] += 1

    at_once([lambda number=number: ask(number) for number in range(len(browsers))])
    return sum(counts) / (time.monotonic() - begun)


def at_once(tasks: list[Callable[[], None]]) -> None:
    """Run every task in a thread of its own. Raises what one of them raises."""
    with ThreadPoolExecutor(len(tasks)) as threads:
        for task in [threads.submit(task) for task in tasks]:
            task.result()


@dataclass(frozen=True)
class Turn:
    """Processor milliseconds, and seconds of the clock, of a side in one round."""

    used: float
    took: float


def _turns(servers: list[Server], rounds: int, visit: Callable[[Server], None]) -> dict[Server, list[Turn]]:
    turns: dict[Server, list[Turn]] = {server: [] for server in servers}
    for _ in range(rounds + 1):
        for server in servers:
            used, at = server.processor_ms(), time.monotonic()
            visit(server)
            turns[server].append(Turn(server.processor_ms() - used, time.monotonic() - at))
    return turns


def _alone(turns: dict[Server, list[Turn]], count: int) -> Figures:
    """Processor milliseconds of one of the ``count`` visits of a turn."""
    return {server.side.name: tuple(turn.used / count for turn in own[1:]) for server, own in turns.items()}


def _with_what_follows(servers: list[Server], rounds: int, count: int, visit: Callable[[Server], None]) -> Figures:
    """The same, with each visit's share of what a server does between its turns, such as sealing the audit trail;
    without what it uses in that time when nobody asks anything."""
    idle = _idle(servers)
    begun = {server: (server.processor_ms(), time.monotonic()) for server in servers}
    turns = _turns(servers, rounds, visit)
    time.sleep(SETTLED)
    figures = {}
    for server, own in turns.items():
        used, at = begun[server]
        quiet = time.monotonic() - at - sum(turn.took for turn in own)
        between = server.processor_ms() - used - sum(turn.used for turn in own) - quiet * idle[server]
        share = max(0.0, between) / len(own) / count
        figures[server.side.name] = tuple(alone + share for alone in _alone({server: own}, count)[server.side.name])
    return figures


def _idle(servers: list[Server]) -> dict[Server, float]:
    """Processor milliseconds a second while nobody asks anything."""
    time.sleep(SETTLED)
    before = {server: server.processor_ms() for server in servers}
    time.sleep(SETTLED / 2)
    return {server: (server.processor_ms() - before[server]) / (SETTLED / 2) for server in servers}
