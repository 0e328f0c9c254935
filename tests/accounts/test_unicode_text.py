"""Normal forms of Unicode at a cost that grows with the length only, whatever somebody sends."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.unicode_text import MOST_MARKS, normalise, without_marks

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
# Two marks that have to change places. Some signs are no mark themselves and come apart into one or two.
MARKS = ["\u0315\u0300", "\uff9e\u0300", "\u0f73\u0300", "\u0f81\u0315", "\u3099\u0315"]


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text(max_size=MOST_MARKS // 3))  # no sign comes apart into more than three marks
def test_what_people_write_gets_the_form_that_unicode_gives_it(form: str, text: str) -> None:
    assert normalise(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("text", ["Jose\u0301", "Zoe\u0308 van Gene\u0300ve", "Nguye\u0302\u0303n", "ﬁn", "ΐ", "한국"])
def test_names_are_composed(text: str) -> None:
    assert normalise("NFC", text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("marks", MARKS)
def test_marks_without_end_are_never_sorted(form: str, marks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted instead of timed: no piece with more marks in a row than any language has reaches the sorting."""
    sorted_pieces = []
    original = unicodedata.normalize
    monkeypatch.setattr(unicodedata, "normalize", lambda form, text: sorted_pieces.append(text) or original(form, text))
    text = "a" + marks * 100_000
    assert normalise(form, text) == text
    assert max(map(len, sorted_pieces)) == 1


def test_long_text_without_such_a_run_gets_its_form() -> None:
    text = ("e" + "\u0315\u0300" * (MOST_MARKS // 2)) * 1000
    assert normalise("NFD", text) == ("e" + "\u0300" * (MOST_MARKS // 2) + "\u0315" * (MOST_MARKS // 2)) * 1000


def test_marks_are_left_out() -> None:
    assert without_marks("Gene\u0300ve, Zoë, ÅÉ") == "Geneve, Zoe, AE"
    assert without_marks("a" + "\u0315\u0300" * 1000) == "a"
