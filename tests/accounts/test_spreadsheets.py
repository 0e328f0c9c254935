"""Cells that somebody else typed must not be carried out by the spreadsheet of whoever opens the file."""

from __future__ import annotations

import pytest

from accounts.spreadsheets import bare_cell, safe_cell

RUNS = [
    "=1+1",
    "+31612345678",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "＝1",
    "＋1",
    "﹣1",
    "＠x",
    " \t=1",
]


# ASVS 3.2.2
@pytest.mark.parametrize("text", RUNS)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert bare_cell(safe_cell(text)) == text


@pytest.mark.parametrize("text", ["Jan", "jan@voorbeeld.nl", "van-den Berg", "'t Hooft", "", "1 = 1", "a=b"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text
    assert bare_cell(text) == text


def test_nothing_is_an_empty_cell_and_numbers_become_text() -> None:
    assert safe_cell(None) == ""
    assert safe_cell(12) == "12"
