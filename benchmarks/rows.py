"""The rows of the table: what is measured of which sides, and the goals."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import fresh, rounds, serving
from benchmarks.rounds import Figures, Size, ratios
from benchmarks.serving import BARE, OURS, Prepared
from benchmarks.table import Row

# Statements, and of them those that write.
STATEMENTS = {"sign-in": (13, 5), "landing": (3, None), "set-up": (14, 5)}
NOT_INSTALLED = "the peers are not installed here"
YARDSTICK = "two-factor-auth"  # of the set-up, because bare Django has none


@dataclass
class Comparison:
    """``sides``: bare Django, ours, and the peers that are installed."""

    sides: list[Prepared]
    size: Size
    only: list[str]
    verbose: bool

    def rows(self) -> list[Row]:
        return [*self._visits(), *self._statements(), *self._fresh()]

    def _visits(self) -> list[Row]:
        rows = []
        if not {"sign-in", "landing", "set-up"} & set(self.only):
            return []
        with ExitStack() as stack:
            servers = [stack.enter_context(serving.running(one)) for one in self.sides]
            if "sign-in" in self.only:
                rows.append(beside_bare("sign-in, processor time × bare", 2.4, rounds.sign_in(servers, self.size)))
            if "landing" in self.only:
                browsers = rounds.signed_in(servers)
                figures = rounds.landing(servers, self.size, browsers)
                rows.append(beside_bare("landing page, processor time × bare", 2.6, figures))
                rows.append(self._rates(rounds.landings_a_second(servers, self.size, browsers)))
            if "set-up" in self.only:
                able = [server for server in servers if hasattr(server.side.visits, "set_up")]
                rows.append(self._set_up(rounds.set_up(able, self.size)))
        return rows

    def _rates(self, figures: Figures) -> Row:
        name, note = "landing pages a second, 8 clients, × the fastest peer", each(figures, "/s", 0)
        peers = [values for side, values in figures.items() if side not in (OURS.name, BARE.name)]
        if not peers:
            return Row(name, 1.15, (), note=f"{NOT_INSTALLED}; {note}")
        fastest = [max(values) for values in zip(*peers, strict=True)]
        return Row(
            name,
            1.15,
            tuple(one / peer for one, peer in zip(figures[OURS.name], fastest, strict=True)),
            least=True,
            note=note,
        )

    def _set_up(self, figures: Figures) -> Row:
        name, note = f"set-up, processor time × {YARDSTICK}", each(figures)
        if YARDSTICK not in figures:
            return Row(name, 1, (), note=f"{NOT_INSTALLED}; {note}")
        return Row(name, 1, ratios(figures, OURS.name, YARDSTICK), note=note)

    def _statements(self) -> list[Row]:
        chosen = [name for name in STATEMENTS if name in self.only or "statements" in self.only]
        found = {one.side.name: fresh.statements(one) for one in self.sides} if chosen else {}
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
        rows = []
        if "import" in self.only:
            rows.append(beside_bare("import of the application × bare", 1.3, fresh.load(self.sides, self.size.fresh)))
        if "start" in self.only:
            started, memory = fresh.start(self.sides, self.size.fresh)
            rows.append(beside_bare("start to first page × bare", 1.3, started))
            rows.append(beside_bare("memory after first requests × bare", 1.2, memory, "MiB"))
        return rows


def beside_bare(name: str, goal: float, figures: Figures, unit: str = "ms") -> Row:
    return Row(name, goal, ratios(figures, OURS.name, BARE.name), note=each(figures, unit))


def each(figures: Figures, unit: str = "ms", digits: int = 2) -> str:
    """The median of every side."""
    return ", ".join(f"{name} {statistics.median(values):.{digits}f} {unit}" for name, values in figures.items())
