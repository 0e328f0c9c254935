"""The tour looks for English words by their Dutch ones: what it finds must be right, and never nothing in silence."""

from __future__ import annotations

import pytest

from tests.browser.words import UnknownWordError, english


@pytest.mark.parametrize(
    ("dutch", "shown"),
    [
        ("Persoonlijke Gegevens", "Personal Details"),
        ("Verstuur 3 uitnodigingen", "Send 3 invitations"),  # what stands in the place of a name is kept
        ("Nummer voor support", "Number for support: 4711"),  # a part stands for its whole sentence
        ("Verwijderen", "Remove"),
        ("Verwijderen", "Delete"),  # several may be meant
    ],
)
def test_word_is_found_in_english(dutch: str, shown: str) -> None:
    assert english(dutch, exact=True).search(shown)


def test_value_in_a_sentence_must_be_the_same() -> None:
    assert not english("Verstuur 3 uitnodigingen").search("Send 4 invitations")


def test_exact_word_is_the_whole_of_what_is_shown() -> None:
    assert english("Opslaan").search("Save the password")
    assert not english("Opslaan", exact=True).search("Save the password")


def test_word_that_the_program_does_not_have_is_an_error() -> None:
    with pytest.raises(UnknownWordError):
        english("Deze zin staat nergens")
