"""Cells of a CSV file, opened by somebody who trusts us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.spreadsheets import safe_cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+31 6",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\tzomaar",
        "  =1",
        "\u00a0=1",
        "＝1",
        "＋1",
        "－1",
        "＠a",
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "cell"), [("Jan", "Jan"), ("a=b", "a=b"), ("", ""), (None, ""), (12, "12")])
def test_other_values_stay_as_they_are(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@given(st.text())
def test_no_cell_begins_with_a_formula(text: str) -> None:
    assert safe_cell(text).lstrip()[:1] not in set("=+-@＝＋－＠")
