"""Every page in two languages, two themes and three widths: ``make accessibility`` prints a table; 1 on a finding.

``python -m tests.browser.accessibility --language nl`` does one language and prints its findings and its numbers alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.browser import stage

if TYPE_CHECKING:
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
}

Finding = tuple[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=stage.LANGUAGES)
    parser.add_argument("--part", action="append", help="of the tour; all without it")
    asked = parser.parse_args()
    return one(asked.language, asked.part) if asked.language else both(asked.part or [])


def both(parts: list[str]) -> int:
    """Side by side, each with a database of its own."""
    command = [
        sys.executable,
        "-m",
        "tests.browser.accessibility",
        *[word for part in parts for word in ("--part", part)],
    ]
    running = {
        language: subprocess.Popen([*command, "--language", language], stdout=subprocess.PIPE, text=True)
        for language in stage.LANGUAGES
    }
    said = {language: process.communicate()[0] for language, process in running.items()}
    numbers = {}
    for language, text in said.items():
        *findings, last = text.strip().splitlines() or [""]
        print(*(f"{language} {finding}" for finding in findings), sep="\n")
        numbers[language] = json.loads(last) if running[language].returncode < 2 else None
    table(numbers)
    return int(any(process.returncode for process in running.values()))


def table(numbers: dict[str, dict[str, int] | None]) -> None:
    if None in numbers.values():
        print("not finished; see above")
        return
    print(f"{'':58}" + "".join(f"{language:>6}" for language in numbers))
    for name, words in {"pages": "pages in all their states", **WHAT}.items():
        print(f"{words:58}" + "".join(f"{(found or {}).get(name, 0):>6}" for found in numbers.values()))


def one(language: str, parts: list[str] | None) -> int:
    count: Counter[str] = Counter()
    with stage.portal() as address, stage.browser() as browser:
        from tests.browser import tour

        screen = stage.screen(browser, address, language)
        for part in tour.ALL:
            if parts and part.__name__ not in parts:
                continue
            for name in part(screen):
                count["pages"] += 1
                for kind, finding in dict.fromkeys(look(screen, part)):
                    count[kind] += 1
                    print(f"{name} {kind}: {finding}".replace("\n", " "), flush=True)
    print(json.dumps(count))
    return int(bool(count.total() - count["pages"]))


def look(screen: Screen, part: object) -> Iterator[Finding]:
    from tests.browser import findings, foreign, tour

    page = screen.page
    for scheme in stage.SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for size in stage.SIZES:
            page.set_viewport_size(stage.viewport(size))
            whole = (scheme, size) in (("light", "320"), ("dark", "1280"))
            yield from (
                ("axe" if whole else "look", each) for each in findings.axe(page, None if whole else findings.BY_LOOK)
            )
            if size == "360":
                yield from (("enhanced", f"{scheme}: {each}") for each in findings.axe(page, findings.ENHANCED))
            if scheme == "light":
                yield from (("layout", f"{size}: {each}") for each in findings.layout(page))
    yield from (("motion", each) for each in findings.motion(page))
    yield from large(screen)
    page.set_viewport_size(stage.viewport("360"))
    if part not in tour.IN_ADMINISTRATION:
        yield from (("small", each) for each in findings.small(page))
        yield from (("outline", each) for each in findings.outline(page))
    yield from (("language", each) for each in foreign.sentences(page, screen.language))


def large(screen: Screen) -> Iterator[Finding]:
    from tests.browser import findings

    for size in ("320", "1280"):
        screen.page.set_viewport_size(stage.viewport(size))
        findings.double_text(screen.page)
        yield from (("large", f"{size}: {each}") for each in findings.layout(screen.page))
        findings.usual_text(screen.page)


if __name__ == "__main__":
    sys.exit(main())
