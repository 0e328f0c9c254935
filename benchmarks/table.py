"""The table of `python -m benchmarks`: what was measured beside the goals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """``rounds``: the value in each; their median counts. ``least``: the goal is a minimum instead of a maximum.
    ``note``: what else was seen. Without rounds, ``note`` says why nothing was measured."""

    name: str
    goal: float | None
    rounds: tuple[float, ...]
    digits: int = 2
    least: bool = False
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.rounds)

    @property
    def missed(self) -> bool:
        if not self.rounds or self.goal is None:
            return False
        value = round(self.value, self.digits)
        return value < self.goal if self.least else value > self.goal

    def cells(self) -> list[str]:
        sign = "≥" if self.least else "≤"
        goal = f"{sign} {self.goal:g}" if self.goal is not None else ""
        if not self.rounds:
            return [self.name, goal, "", "", "", self.note]
        spread = ""
        if len(self.rounds) > 1:
            spread = f"{min(self.rounds):.{self.digits}f}–{max(self.rounds):.{self.digits}f}"
        verdict = "" if self.goal is None else "MISSED" if self.missed else "met"
        return [self.name, goal, f"{self.value:.{self.digits}f}", spread, verdict, self.note]


HEADINGS = ["row", "goal", "value", "min–max", "", "beside it"]


def printed(rows: list[Row]) -> str:
    """As a table in Markdown, its columns in line."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)
