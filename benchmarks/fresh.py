"""Fresh processes of a side: loading the application, the first page, memory, and statements of single visits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import serving
from benchmarks.rounds import CLIENTS, Figures, at_once
from benchmarks.serving import Prepared, Server
from benchmarks.visits import Browser

WARM = 4  # visits before the one whose statements count: enough that both workers answered some
LOAD = """
import importlib, sys, time
begun = time.process_time()
import django
django.setup()
importlib.import_module(sys.argv[1])
print((time.process_time() - begun) * 1000)
"""


def load(sides: list[Prepared], count: int) -> Figures:
    """Processor milliseconds of a fresh process for `django.setup()` and the WSGI application, after Python began."""
    figures: dict[str, list[float]] = {one.side.name: [] for one in sides}
    for _ in range(count + 1):
        for one in sides:
            figures[one.side.name].append(float(one.run("-c", LOAD, one.side.wsgi)))
    return {name: tuple(values[1:]) for name, values in figures.items()}


def start(sides: list[Prepared], count: int) -> tuple[Figures, Figures]:
    """Processor milliseconds of a server until its first sign-in page, and its MiB after the first visitors."""
    started: dict[str, list[float]] = {one.side.name: [] for one in sides}
    memory: dict[str, list[float]] = {one.side.name: [] for one in sides}
    for _ in range(count + 1):
        for one in sides:
            with serving.running(one) as server:
                started[one.side.name].append(server.started_ms)
                _first_visitors(server)
                memory[one.side.name].append(server.memory_mib())
    return _counted(started), _counted(memory)


def _counted(figures: dict[str, list[float]]) -> Figures:
    return {name: tuple(values[1:]) for name, values in figures.items()}


def _first_visitors(server: Server) -> None:
    """At once, so that both workers answer some."""

    def visit(person: dict[str, str]) -> None:
        browser = server.browser()
        server.side.visits.sign_in(browser, person)
        server.side.visits.landing(browser)
        browser.close()

    at_once([lambda person=person: visit(person) for person in server.prepared.take_people(CLIENTS)])


@dataclass(frozen=True)
class Statements:
    """``texts``: the beginning of each."""

    every: int
    writes: int
    texts: tuple[str, ...]


def statements(prepared: Prepared) -> dict[str, Statements]:
    """Of the sign-in, the landing page, and the set-up where there is one, each after others of its kind."""
    visits, found = prepared.side.visits, {}
    with serving.running(prepared, COUNT_STATEMENTS="1") as server:
        for person in prepared.take_people(WARM):
            browser = server.browser()
            found["sign-in"] = _counting(browser, lambda: visits.sign_in(browser, person))  # noqa: B023
            visits.landing(browser)
            found["landing"] = _counting(browser, lambda: visits.landing(browser))  # noqa: B023
        for person in prepared.take_newcomers(WARM) if hasattr(visits, "set_up") else ():
            browser = server.browser()
            visits.first_factor(browser, person)
            found["set-up"] = _counting(browser, lambda: visits.set_up(browser))  # noqa: B023
    return found


def _counting(browser: Browser, visit: Callable[[], None]) -> Statements:
    browser.statements = browser.writes = 0
    browser.texts = []
    visit()
    return Statements(browser.statements, browser.writes, tuple(browser.texts))
