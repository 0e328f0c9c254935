"""pa11y on every page in every state, in two languages and two colour schemes: `make pa11y`.

``python -m tests.quality.states --language nl --part set_up`` does one language, or a part of the tour.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Error, expect

from tests.browser import portal
from tests.provider import free_port
from tests.quality.issues import APART, REVIEW, Issue

if TYPE_CHECKING:
    from tests.browser.page_tour import Tour
    from tests.browser.screen import Screen

HERE = Path(__file__).parent
PATIENCE = 60_000  # milliseconds; the other language and its judge keep the machine busy
Judge = Callable[[], list[Issue]]


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", choices=portal.LANGUAGES)
    parser.add_argument("--part", action="append", help="of the tour; all without it")
    asked = parser.parse_args(words)
    return one(asked.language, asked.part) if asked.language else both()


def both() -> int:
    """Side by side, each with a portal, a database and a browser of its own: one cannot turn up in the other."""
    running = {
        language: subprocess.Popen(
            [sys.executable, "-m", "tests.quality.states", "--language", language], stdout=subprocess.PIPE, text=True
        )
        for language in portal.LANGUAGES
    }
    said = {language: process.communicate()[0] for language, process in running.items()}
    numbers = {}
    for language, text in said.items():
        *lines, last = text.strip().splitlines() or [""]
        print(*(f"{language} {line}" for line in lines), sep="\n")
        numbers[language] = json.loads(last) if running[language].returncode < 2 and last.startswith("{") else None
    if None in numbers.values():
        print("not finished; see above")
        return 1
    table(numbers)
    return int(any(process.returncode for process in running.values()))


def table(numbers: dict[str, dict[str, int]]) -> None:
    names = ["pages in all their states", "findings", *sorted({name for found in numbers.values() for name in found})]
    print(f"\n{'':58}" + "".join(f"{language:>8}" for language in numbers))
    for name in dict.fromkeys(names):
        print(f"{name:58}" + "".join(f"{found.get(name, 0):>8}" for found in numbers.values()))
    print("\nLeft apart, and counted:", *(f"{name}: {why}." for name, why in APART.items()), sep="\n  ")


def one(language: str, parts: list[str] | None) -> int:
    """Prints a line for each state, its findings, and the numbers as JSON."""
    count: Counter[str] = Counter()
    port = free_port("127.0.0.1")
    remote = f"--remote-debugging-port={port}"
    with portal.portal() as address, portal.browser(remote) as browser, judging(port, address) as judge:
        from tests.browser import page_tour

        screen = portal.screen(browser, address, language)
        screen.page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        for part in page_tour.ALL:
            if parts and part.__name__ not in parts:
                continue
            try:
                _walk(screen, part, judge, count)
            except (AssertionError, Error) as error:  # no reason to leave out the other parts
                count["findings"] += 1
                print(f"  FINDING unfinished {part.__name__}: {error}".replace("\n", " "), flush=True)
    print(json.dumps(count))
    return int(bool(count["findings"]))


def _walk(screen: Screen, part: Tour, judge: Judge, count: Counter[str]) -> None:
    for name in part(screen):
        assert screen.page.locator("html").get_attribute("lang") == screen.language, name
        count["pages in all their states"] += 1
        for scheme in portal.SCHEMES:
            screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            _report(f"{name} {scheme}", judge(), count)


def _report(where: str, issues: list[Issue], count: Counter[str]) -> None:
    findings = [issue for issue in issues if issue.apart is None]
    undecided = [issue for issue in issues if issue.apart == REVIEW]
    count["findings"] += len(findings)
    count.update(f"apart: {issue.named}" for issue in issues if issue.apart)
    print(f"{where}: {len(findings)} findings, {len(undecided)} undecided", flush=True)
    for issue in findings:
        print(f"  FINDING {issue}", flush=True)
    for issue in undecided:
        print(f"  undecided {issue}", flush=True)


@contextmanager
def judging(port: int, address: str) -> Iterator[Judge]:
    """A question to pa11y about the page that is open in the browser behind the port."""
    command = ["node", str(HERE / "pa11y.mjs"), f"http://127.0.0.1:{port}", address, *map(str, portal.SIZES["1280"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def judge() -> list[Issue]:
            process.stdin.write("\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                raise RuntimeError("pa11y stopped, see above")
            return [Issue(**facts) for facts in json.loads(answer)]

        yield judge
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
