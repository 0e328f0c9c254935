"""The rows of the table: what is measured of which sides, and the goals."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import first_visit, fresh, rounds, serving
from benchmarks.rounds import Figures, Size, ratios
from benchmarks.serving import BARE, BY_PASSKEY, NEW_CONNECTIONS, OURS, WITHOUT_BACKGROUND, Prepared, Server, Side
from benchmarks.table import Row
from benchmarks.visits import Browser

# Statements, and of them those that write.
STATEMENTS = {"sign-in": (13, 5), "landing": (3, None), "set-up": (14, 5)}
NOT_INSTALLED = "the peers are not installed here"
NO_PEERS = (OURS.name, BARE.name, NEW_CONNECTIONS.name)
YARDSTICK = "two-factor-auth"  # of the set-up, because bare Django has none


RATE = "landing pages a second, 8 clients, × the fastest peer"


@dataclass
class Comparison:
    """``sides``: bare Django in two ways, ours, and the peers that are installed."""

    sides: list[Prepared]
    size: Size
    only: list[str]
    verbose: bool

    def rows(self) -> list[Row]:
        return [*self._visits(), *self._passkey(), *self._statements(), *self._fresh(), *self._first_visit()]

    @property
    def _different(self) -> list[Prepared]:
        """Where keeping a connection makes no difference, bare Django is one side."""
        return [one for one in self.sides if one.side not in (NEW_CONNECTIONS, BY_PASSKEY)]

    def _visits(self) -> list[Row]:
        rows = []
        if not {"sign-in", "landing", "set-up"} & set(self.only):
            return []
        with ExitStack() as stack:
            sides = [one for one in self.sides if one.side is not BY_PASSKEY]
            servers = [stack.enter_context(serving.running(one)) for one in sides]
            if "sign-in" in self.only:
                rows += beside_both("sign-in, processor time", 2.4, rounds.sign_in(servers, self.size))
            if "landing" in self.only:
                browsers = rounds.signed_in(servers)
                figures = rounds.landing(servers, self.size, browsers)
                rows += beside_both("landing page, processor time", 2.6, figures)
                rows += self._rates(servers, browsers)
            if "set-up" in self.only:
                able = [server for server in servers if hasattr(server.side.visits, "set_up")]
                rows.append(self._set_up(rounds.set_up(able, self.size)))
        return rows

    def _passkey(self) -> list[Row]:
        """Signing in by passkey beside password and code. The hash of the password costs nothing here on either side
        (`benchmarks.our_settings`); in production it takes more than everything else."""
        if "passkey" not in self.only:
            return []
        with ExitStack() as stack:
            both = [one for one in self.sides if one.side in (OURS, BY_PASSKEY)]
            servers = [stack.enter_context(serving.running(one)) for one in both]
            figures = rounds.sign_in(servers, self.size)
        found = ratios(figures, BY_PASSKEY.name, OURS.name)
        return [Row("sign-in by passkey × password and code", None, found, note=each(figures))]

    def _rates(self, servers: list[Server], browsers: dict[str, list[Browser]]) -> list[Row]:
        """Beside the peers with a page of three tiles made for this, and beside the page that each of them brings."""
        tiles = rounds.landings_a_second(servers, self.size, browsers, lambda visits: visits.landing_page)
        names = [server.side.name for server in servers if server.side.name not in NO_PEERS]
        if not names:
            return [Row(RATE, 1.15, (), least=True, note=f"{NOT_INSTALLED}; {each(tiles, '/s', 0)}")]
        own = rounds.landings_a_second(servers, self.size, browsers, lambda visits: visits.account_page)
        return [
            Row(f"{RATE} and its own page", 1.15, _beside_fastest(own, names), least=True, note=each(own, "/s", 0)),
            Row(f"{RATE} with three tiles", None, _beside_fastest(tiles, names), note=each(tiles, "/s", 0)),
        ]

    def _set_up(self, figures: Figures) -> Row:
        name, note = f"set-up, processor time × {YARDSTICK}", each(figures)
        if YARDSTICK not in figures:
            return Row(name, 1, (), note=f"{NOT_INSTALLED}; {note}")
        return Row(name, 1, ratios(figures, OURS.name, YARDSTICK), note=note)

    def _statements(self) -> list[Row]:
        chosen = [name for name in STATEMENTS if name in self.only or "statements" in self.only]
        found = {one.side.name: fresh.statements(one) for one in self._different} if chosen else {}
        rows = []
        for name in chosen:
            told = {side: visits[name] for side, visits in found.items() if name in visits}
            note = ", ".join(f"{side} {one.every} ({one.writes})" for side, one in told.items())
            ours, (every, writes) = told[OURS.name], STATEMENTS[name]
            rows.append(Row(f"{name}, statements (of which write)", every, (ours.every,), 0, note=note))
            if writes is not None:
                rows.append(Row(f"{name}, statements that write", writes, (ours.writes,), 0))
            if self.verbose:
                print(f"{name}:", *ours.texts, "", sep="\n  ")
        return rows

    def _fresh(self) -> list[Row]:
        rows, sides = [], self._different
        if "import" in self.only:
            rows.append(beside_bare("import of the application × bare", 1.3, fresh.load(sides, self.size.fresh)))
        if "start" in self.only:
            rows += self._start(sides)
        return rows

    def _start(self, sides: list[Prepared]) -> list[Row]:
        """Of the web processes alone, which is what the others have; and with the worker for background work."""
        apart = [one.as_side(WITHOUT_BACKGROUND) for one in sides if one.side is OURS]
        started, memory = fresh.start([*sides, *apart], self.size.fresh)
        return [
            beside_bare("start to first page × bare", 1.3, started, side=WITHOUT_BACKGROUND),
            beside_bare("memory after first requests × bare", 1.2, memory, "MiB", side=WITHOUT_BACKGROUND),
            beside_bare("the same with the background worker × bare", None, memory, "MiB"),
        ]

    def _first_visit(self) -> list[Row]:
        if "first-visit" not in self.only:
            return []
        try:
            fetched = first_visit.fetched(next(one for one in self.sides if one.side is OURS))
        except FileNotFoundError as missing:
            return [Row("first visit", None, (), note=str(missing))]
        note = ", ".join(f"{address.rpartition('/')[2] or address} {size}" for address, size in fetched)
        return [
            Row("first visit of the sign-in page, KB", 16, (sum(size for _, size in fetched) / 1024,), 1, note=note),
            Row("first visit of the sign-in page, requests", 5, (len(fetched),), 0),
        ]


def _beside_fastest(figures: Figures, peers: list[str]) -> tuple[float, ...]:
    """Ours beside the fastest of these, of each round."""
    fastest = [max(values) for values in zip(*(figures[name] for name in peers), strict=True)]
    return tuple(one / peer for one, peer in zip(figures[OURS.name], fastest, strict=True))


def beside_bare(name: str, goal: float | None, figures: Figures, unit: str = "ms", side: Side = OURS) -> Row:
    return Row(name, goal, ratios(figures, side.name, BARE.name), note=each(figures, unit))


def beside_both(name: str, goal: float, figures: Figures) -> list[Row]:
    """Beside Django's default as well, which opens the database anew for every request."""
    new = ratios(figures, OURS.name, NEW_CONNECTIONS.name)
    return [beside_bare(f"{name} × bare", goal, figures), Row(f"{name} × {NEW_CONNECTIONS.name}", None, new)]


def each(figures: Figures, unit: str = "ms", digits: int = 2) -> str:
    """The median of every side."""
    return ", ".join(f"{name} {statistics.median(values):.{digits}f} {unit}" for name, values in figures.items())
