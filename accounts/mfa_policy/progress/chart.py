"""Chart of the share of people with a second factor over time, as SVG coordinates. Uses no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 600, 200  # SVG units; whole numbers, because a Dutch template would write 0.5 as 0,5
ROWS = 8  # at most, of the table beside the chart


@dataclass(frozen=True)
class Day:
    day: date
    people: int
    protected: int

    @property
    def percentage(self) -> int:
        """Rounded down: 100 means everybody."""
        return 100 * self.protected // self.people if self.people else 0

    def __str__(self) -> str:
        return f"{self.percentage}%"


@dataclass(frozen=True)
class Chart:
    """``line``: the points of a polyline; ``area``: the same closed along the bottom; ``first_day_x``: where the
    requirement begins, when that is within the chart; ``rows``: the days of the table, newest first."""

    line: str
    area: str
    since: date
    until: date
    first_day_x: int | None
    rows: list[Day]
    width: int = WIDTH
    height: int = HEIGHT


def draw(days: Sequence[Day], *, since: date, until: date, required_from: date | None) -> Chart | None:
    """None with fewer than two days: one point makes no line."""
    if len(days) < 2 or until <= since:
        return None
    points = [(_x(day.day, since, until), _y(day)) for day in days]
    line = " ".join(f"{x},{y}" for x, y in points)
    area = f"{points[0][0]},{HEIGHT} {line} {points[-1][0]},{HEIGHT}"
    inside = required_from is not None and since <= required_from <= until
    mark = _x(required_from, since, until) if inside and required_from else None
    return Chart(line, area, since, until, mark, rows(days))


def rows(days: Sequence[Day]) -> list[Day]:
    """Evenly spread days, newest first; always with the newest and the oldest."""
    steps = min(ROWS, len(days)) - 1
    picked = {round(step * (len(days) - 1) / steps) for step in range(steps + 1)} if steps > 0 else {0}
    return [days[index] for index in sorted(picked, reverse=True)] if days else []


def _x(day: date, since: date, until: date) -> int:
    return round(WIDTH * ((day - since) / timedelta(days=1)) / ((until - since) / timedelta(days=1)))


def _y(day: Day) -> int:
    return HEIGHT - round(HEIGHT * day.protected / day.people) if day.people else HEIGHT
