"""Names and reasons that somebody else chose neither mislead nor become links in a mail."""

from __future__ import annotations

import pytest

from accounts.mail import composing, untrusted_text
from accounts.models import User

OURS = "https://mijn.assetmaps.nl"


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\ufeff", "\x00", "\x1b", "\x9b"])
def test_name_cannot_turn_round_or_hide_the_words_behind_it(mark: str) -> None:
    person = User(email="p@voorbeeld.nl", first_name=f"Pi{mark}et", language="nl")
    facts = {"organisation": f"Ge{mark}meente", "actor": "a@b.nl", "people": {"people": 2, "without": 2}, "at": None}
    message = composing.compose("demand_changed", person, address=f"{OURS}/beheer/", **facts)
    for words in (message.subject, message.body, str(message.alternatives[0].content)):
        assert mark not in words
        assert "Gemeente" in words
    assert "\n\nHallo Piet,\n" in message.body


def test_name_behind_an_invisible_character_makes_no_large_words() -> None:
    assert untrusted_text.single_line("\u200b    0900 1234") == "0900 1234"


def test_name_keeps_the_joiners_that_some_languages_are_written_with() -> None:
    assert untrusted_text.single_line("عل\u200cی") == "عل\u200cی"


# Whoever invites somebody chooses the first name, and mail programs make links of text by themselves.
@pytest.mark.parametrize(
    "name",
    [
        "http://evil.example",
        "https:/evil.example",
        "evil.example",
        "EVIL.Example/gratis",
        "www.evil",
        "www.x",
        "jan@evil.example",
        "1.2.3.4",
        "Bel 0900-1234",
        "evil\uff0eexample",
        "evil\u3002example",
        "evil\u200b.example",
        "x:y",
        "Je account is gesloten en wij hebben dringend je hulp nodig",
    ],
)
def test_first_name_that_is_more_than_a_name_is_left_out(name: str) -> None:
    message = composing.compose(
        "invitation", User(email="a@voorbeeld.nl", first_name=name), address=f"{OURS}/x/", days=7
    )
    assert "\n\nHallo,\n" in message.body
    assert "evil" not in message.body.lower()
    assert "evil" not in message.alternatives[0].content.lower()


@pytest.mark.parametrize(
    "name",
    [
        "Per",
        "Jan-Willem",
        "J.P.",
        "J. P. M.",
        "D'Arcy",
        "Renée",
        "Zoë van der",
        "Łukasz",
        "Юлія",
        "李",
        "मीरा",
        "St. Jan",
        "O’Neil",
    ],
)
def test_names_are_greeted(name: str) -> None:
    message = composing.compose(
        "invitation", User(email="a@voorbeeld.nl", first_name=name), address=f"{OURS}/x/", days=7
    )
    assert f"\n\nHallo {name},\n" in message.body


@pytest.mark.parametrize(
    "words",
    [
        "http://evil.example",
        "HTTPS://evil.example/?a=1",
        "https:/evil.example",
        "evil.example",
        "“evil.example”",
        "www.evil.example",
        f"{OURS}.evil.example/",
        f"{OURS}@evil.example/",
        "http://jan@evil.example",
        "//evil.example",
        "mailto:x.evil@evil.example",
    ],
)
def test_no_text_of_others_becomes_a_foreign_link(words: str) -> None:
    for text in (untrusted_text.without_foreign_links(f"Zie {words}."), untrusted_text.without_foreign_links(words)):
        assert "evil.example" not in text
        assert "://" not in text


def test_our_addresses_and_email_addresses_are_kept() -> None:
    for text in (
        f"Ga naar {OURS}/x.y/. Of {OURS}",
        "van jan.de.vries@gemeente.nl naar a@b.nl.",
        "Om 10.30 uur, J.P. en 192.0.2.7",
    ):
        assert untrusted_text.without_foreign_links(text) == text
