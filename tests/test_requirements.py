"""The table of requirements and the tests agree: nothing is claimed without a test, a check or a reason."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TABLE = ROOT / "docs" / "requirements.md"

# Every row of OWASP ASVS 5.0 and of NIST SP 800-63B-4 (our numbers N1-N33) that concerns the portal. Kept here too, so
# that a row cannot be dropped from the table unseen.
LISTED = """
3.1.1 3.2.1 3.2.2 3.2.3 3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7 3.4.8 3.5.1
3.5.3 3.5.4 3.5.6 3.5.7 3.5.8 3.6.1 3.7.1 3.7.2 3.7.3 3.7.4 3.7.5
5.1.1 5.2.1 5.2.2 5.2.3 5.2.4 5.2.6 5.3.1 5.3.2 5.4.1 5.4.3
6.1.1 6.1.2 6.1.3 6.2.1 6.2.2 6.2.3 6.2.4
6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.10 6.2.11 6.2.12 6.3.1 6.3.2 6.3.3 6.3.4 6.3.5 6.3.6 6.3.7 6.3.8 6.4.1 6.4.2
6.4.3 6.4.4 6.4.6 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.5.6 6.5.8 6.8.1 6.8.2 6.8.4 7.1.1 7.1.2 7.1.3 7.2.1 7.2.2
7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.5.3 7.6.1 7.6.2 8.1.1 8.1.2 8.1.3 8.1.4
8.2.1 8.2.2 8.2.3 8.2.4 8.3.1 8.3.2 8.4.1 8.4.2 9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 10.1.1 10.1.2 10.2.1 10.2.2
10.2.3 10.5.1 10.5.2 10.5.3 10.5.4 11.1.1 11.1.2 11.1.3 11.1.4 11.2.1 11.2.2 11.2.3 11.2.4 11.2.5 11.3.1 11.3.2
11.3.3 11.3.4 11.4.1 11.4.2 11.4.3 11.5.1 11.5.2 11.6.1 11.7.1 11.7.2 13.1.1 13.1.2 13.1.3 13.1.4 13.2.1 13.2.2
13.2.3 13.2.4 13.2.5 13.2.6 13.3.1 13.3.2 13.3.3 13.3.4 13.4.1 13.4.2 13.4.3 13.4.4 13.4.5 13.4.6 13.4.7 14.1.1
14.1.2 14.2.1 14.2.2 14.2.3 14.2.4 14.2.5 14.2.6 14.2.7 14.3.1 14.3.2 14.3.3 16.1.1 16.2.1 16.2.2 16.2.3 16.2.4
16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3 16.5.4 6.7.1 6.7.2 10.5.5 11.3.5 N1
N2 N3 N4 N5 N6 N7 N8 N9 N10 N11 N12 N13 N14 N15 N16 N17 N18 N19 N20 N21 N22 N23 N24 N25 N26 N27 N28 N29 N30 N31
N32 N33
"""
IDS = LISTED.split()

# What a check of the build is called in the table, and the text that must stand in a file for it to exist.
CHECKS = {
    "check --deploy": ("tests/test_structure.py", '"check", "--deploy", "--fail-level", "INFO"'),
    "import contracts": ("tests/test_structure.py", '"lint-imports"'),
    "mypy": ("pyproject.toml", "disallow_untyped_defs = true"),
    "ruff": ("pyproject.toml", '"S", "SIM"'),
}

ID = re.compile(r"(?<![\w.])(?:\d+\.\d+\.\d+|N\d+)(?![\w.])")
ANY_ASVS = re.compile(r"(?<![\w.])\d+(?:\.\d+)+(?![\w.])")


@dataclass(frozen=True)
class Row:
    id: str
    asks: str
    kind: str
    shown: str

    @property
    def names(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.shown)

    @property
    def reason(self) -> str:
        return re.sub(r"`[^`]+`", "", self.shown).strip(" ,.")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


ROWS = [Row(*cells(line)) for line in TABLE.read_text().splitlines() if re.match(r"\| (\d+\.\d|N\d)", line)]


@lru_cache
def comments_of(path: Path) -> dict[str, str]:
    """Every test of a file with its comments: those above it and those inside. Methods go by `Class::name`."""
    text = path.read_text()
    lines, found = text.splitlines(), {}

    def note(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                note(node.body, f"{node.name}::")
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                top = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
                while top > 0 and lines[top - 1].lstrip().startswith("#"):
                    top -= 1
                comments = [line[line.index("#") :] for line in lines[top : node.end_lineno] if "#" in line]
                found[prefix + node.name] = "\n".join(comments)

    note(ast.parse(text).body, "")
    return found


def marked(comments: str) -> set[str]:
    """The rows that comments name."""
    lines = [line for line in comments.splitlines() if re.search(r"# (ASVS|NIST|N\d)", line)]
    return {found for line in lines for found in ID.findall(line.partition("# ")[2])}


def test_table_has_every_row_once() -> None:
    assert [row.id for row in ROWS] == IDS
    assert len(set(IDS)) == len(IDS)
    assert all(row.asks and row.shown for row in ROWS)


def test_every_row_is_met_or_says_why_not() -> None:
    for row in ROWS:
        assert row.kind in ("test", "check", "deviation", "later"), row.id
        if row.kind in ("test", "check"):
            assert row.names, f"{row.id} names nothing that shows it"
        else:
            assert len(row.reason.split()) >= 8, f"{row.id}: {row.reason!r} is no reason"


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "test"], ids=lambda row: row.id)
def test_named_tests_exist_and_name_the_row(row: Row) -> None:
    for name in row.names:
        file, _colons, test = name.partition("::")
        assert (ROOT / file).is_file(), name
        assert test in comments_of(ROOT / file), f"{row.id}: there is no {name}"
        assert row.id in marked(comments_of(ROOT / file)[test]), f"{name} has no comment that names {row.id}"


def test_named_checks_exist() -> None:
    for row in ROWS:
        if row.kind == "check":
            for name in row.names:
                file, text = CHECKS[name]
                assert text in (ROOT / file).read_text(), name


def test_comments_name_rows_of_the_table_only() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for line in path.read_text().splitlines():
            if found := re.search(r"# ASVS (.*)", line):
                assert set(ANY_ASVS.findall(found[1])) <= set(IDS), f"{path.name}: {line.strip()}"
            if found := re.search(r"# (?:NIST )?(N\d.*)", line):
                assert set(ID.findall(found[1])) <= set(IDS), f"{path.name}: {line.strip()}"
