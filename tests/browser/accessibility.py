"""Every page in two languages, two themes and three widths: ``make accessibility`` prints a table; 1 on a finding.

It tells after each part of the tour how far it is. ``python -m tests.browser.accessibility --language nl --part
signed_out`` does a piece of it; ``--quick`` leaves axe out, which takes nine tenths of the time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import portal

if TYPE_CHECKING:
    from tests.browser.page_tour import Tour
    from tests.browser.screen import Screen

WHAT = {
    "axe": "axe, every rule, 320 px light and 1280 px dark",
    "look": "axe, contrast 4.5:1 and targets of 24 px, every look",
    "enhanced": "axe, contrast 7:1, both themes",
    "layout": "sideways, cut off or overlapping, 320, 360 and 1280 px",
    "large": "the same with text of 200 %, 320 and 1280 px",
    "motion": "movement for who asked for none",
    "small": "main controls under 44 px, 360 px",
    "outline": "headings and title",
    "language": "sentences in the other language",
    "unfinished": "parts of the tour that broke off",
}

Finding = tuple[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=portal.LANGUAGES)
    parser.add_argument("--part", action="append", default=[], help="of the tour; all without it")
    parser.add_argument("--quick", action="store_true", help="without axe")
    parser.add_argument("--numbers", type=Path, help="write them to this file, and print no table")
    asked = parser.parse_args()
    if not asked.language:
        return both()
    count = one(asked)
    if asked.numbers:
        asked.numbers.write_text(json.dumps(count), encoding="utf-8")
    else:
        table({asked.language: count})
    return int(count.total() > count["pages"])


def both() -> int:
    """Side by side, each with a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        files = {language: Path(folder) / language for language in portal.LANGUAGES}
        command = [sys.executable, "-m", "tests.browser.accessibility", *sys.argv[1:]]
        running = [
            subprocess.Popen([*command, "--language", language, "--numbers", str(file)])
            for language, file in files.items()
        ]
        statuses = [process.wait() for process in running]
        if not all(file.exists() for file in files.values()):
            print("not finished; see above")
            return 2
        table({language: json.loads(file.read_text(encoding="utf-8")) for language, file in files.items()})
    return max(statuses)


def table(numbers: Mapping[str, Mapping[str, int]]) -> None:
    print(f"{'':58}" + "".join(f"{language:>6}" for language in numbers))
    for name, words in {"pages": "pages in all their states", **WHAT}.items():
        print(f"{words:58}" + "".join(f"{found.get(name, 0):>6}" for found in numbers.values()))


def one(asked: argparse.Namespace) -> Counter[str]:
    count: Counter[str] = Counter()
    with portal.portal() as address, portal.browser() as browser:
        from tests.browser import page_tour

        screen = portal.screen(browser, address, asked.language)
        for part in page_tour.ALL:
            if asked.part and part.__name__ not in asked.part:
                continue
            since, before = time.monotonic(), count.copy()
            for name, kind, finding in walk(screen, part, quick=asked.quick):
                count[kind] += 1
                if kind != "pages":
                    print(f"{asked.language} {name} {kind}: {finding}".replace("\n", " "), flush=True)
            tell(f"{asked.language} {part.__name__}", count - before, time.monotonic() - since)
    return count


def walk(screen: Screen, part: Tour, *, quick: bool) -> Iterator[tuple[str, str, str]]:
    """Every page, and every finding on it. A part that breaks off is a finding, and no reason to leave out the rest."""
    from playwright.sync_api import Error

    try:
        for name in part(screen):
            yield name, "pages", ""
            for kind, finding in dict.fromkeys(look(screen, part, quick=quick)):
                yield name, kind, finding
    except (AssertionError, Error) as error:
        yield part.__name__, "unfinished", str(error)


def tell(part: str, count: Counter[str], seconds: float) -> None:
    pages = count["pages"]
    print(f"{part}: {pages} pages, {count.total() - pages} findings, {seconds:.0f} s", file=sys.stderr, flush=True)


def look(screen: Screen, part: Tour, *, quick: bool) -> Iterator[Finding]:
    from tests.browser import findings, page_tour, wrong_language

    page = screen.page
    for scheme in portal.SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for size in portal.SIZES:
            page.set_viewport_size(portal.viewport(size))
            yield from [] if quick else judged_by_axe(screen, scheme, size)
            if scheme == "light":
                yield from (("layout", f"{size}: {each}") for each in findings.layout(page))
    yield from (("motion", each) for each in findings.motion(page))
    yield from large(screen)
    page.set_viewport_size(portal.viewport("360"))
    if part not in page_tour.IN_ADMINISTRATION:
        yield from (("small", each) for each in findings.small(page))
        yield from (("outline", each) for each in findings.outline(page))
    yield from (("language", each) for each in wrong_language.sentences(page, screen.language))


def judged_by_axe(screen: Screen, scheme: str, size: str) -> Iterator[Finding]:
    """In the smallest and the largest look by every rule, in the others by what a look can spoil."""
    from tests.browser import findings

    whole = (scheme, size) in (("light", "320"), ("dark", "1280"))
    how = None if whole else findings.BY_LOOK
    yield from (("axe" if whole else "look", each) for each in findings.axe(screen.page, how))
    if size == "360":
        enhanced = findings.axe(screen.page, findings.ENHANCED)
        yield from (("enhanced", f"{scheme}: {each}") for each in enhanced)


def large(screen: Screen) -> Iterator[Finding]:
    from tests.browser import findings

    for size in ("320", "1280"):
        screen.page.set_viewport_size(portal.viewport(size))
        findings.double_text(screen.page)
        yield from (("large", f"{size}: {each}") for each in findings.layout(screen.page))
        findings.usual_text(screen.page)


if __name__ == "__main__":
    sys.exit(main())
