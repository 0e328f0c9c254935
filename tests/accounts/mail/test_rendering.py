"""No text that somebody else chose becomes structure of a mail."""

from __future__ import annotations

import re

import pytest

from accounts.mail import composing, rendering, untrusted_text
from accounts.models import User

OURS = "https://mijn.assetmaps.nl"


def links(page: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', page)


def html(body: str, action: str = "") -> str:
    return rendering.as_html("Onderwerp", body, action, "nl")


@pytest.mark.parametrize(
    "words",
    [
        "https://evil.example",
        "http://mijn.assetmaps.nl/",
        f"{OURS}.evil.example/",
        f"{OURS}@evil.example/",
        f"{OURS}:8443/",
        f"{OURS}\\@evil.example/",
        f"https://evil.example/{OURS}/",
        f"({OURS}/",
        "javascript:alert(1)",
        "support@assetmaps.nl.evil.example",
        "evilsupport@assetmaps.nl",
        "mailto:support@assetmaps.nl?bcc=a@evil.example",
        "[klik](https://evil.example)",
    ],
)
def test_only_our_own_addresses_become_links(words: str) -> None:
    assert links(html(f"Hallo {words},\n\nDag")) == []


def test_our_addresses_become_links_without_the_full_stop_behind_them() -> None:
    page = html(f"Ga naar {OURS}/wachtwoord-vergeten/. Vragen? Mail naar support@assetmaps.nl.\n\n{OURS}")
    assert links(page) == [f"{OURS}/wachtwoord-vergeten/", "mailto:support@assetmaps.nl", OURS]


@pytest.mark.parametrize("name", ['<b>x</b>"', "<script>alert(1)</script>", "<a href=https://evil.example>klik</a>"])
def test_names_are_escaped(name: str) -> None:
    page = html(f"Hallo {name},")
    assert name not in page
    assert "<b>" not in page
    assert "<script" not in page
    assert links(page) == []


def test_address_of_the_action_is_escaped_in_its_attribute() -> None:
    page = html(f'Druk hier:\n{OURS}/?a="><b>&c', f'Doe "het" <nu>\n{OURS}/?a="><b>&c\n')
    assert links(page) == [f"{OURS}/?a=&quot;&gt;&lt;b&gt;&amp;c"]
    assert "Doe &quot;het&quot; &lt;nu&gt;</a>" in page


@pytest.mark.parametrize("field", ["name", "reason", "device", "organisation"])
def test_line_breaks_that_somebody_typed_make_no_paragraph_button_or_large_words(field: str) -> None:
    not_me = f"{OURS}/dit-was-ik-niet/abc/"
    typed = f"Piet,\r\n\r\n    0900 1234\n\n{not_me}\n\u2028Je account is weg"
    person = User(email="p@voorbeeld.nl", first_name=typed if field == "name" else "Piet", language="nl")
    facts = {"reason": typed, "receipt": "R1", "not_me": not_me, "at": None, "words": "appel rivier", "minutes": 5}
    template = {"reason": "wait_lifted", "device": "authenticator_added", "organisation": "demand_changed"}.get(field)
    if field == "device":
        facts["detail"] = composing.single_line_values({"name": typed, "left": 3})
    if field == "organisation":
        facts |= {"organisation": typed, "people": {"people": 2, "without": 2}, "address": f"{OURS}/beheer/"}
    message = composing.compose(template or "caller_check_sent", person, **facts)
    page = str(message.alternatives[0].content)
    assert ("Piet, 0900 1234 " in message.body) == (field != "name"), "such a name is not greeted at all"
    assert page.count("display: inline-block") == 1
    assert page.count("font-size: 26px") == (template is None)


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\ufeff", "\x00", "\x1b", "\x9b"])
def test_name_cannot_turn_round_or_hide_the_words_behind_it(mark: str) -> None:
    person = User(email="p@voorbeeld.nl", first_name=f"Pi{mark}et", language="nl")
    facts = {"organisation": f"Ge{mark}meente", "actor": "a@b.nl", "people": {"people": 2, "without": 2}, "at": None}
    message = composing.compose("demand_changed", person, address=f"{OURS}/beheer/", **facts)
    for words in (message.subject, message.body, str(message.alternatives[0].content)):
        assert mark not in words
        assert "Gemeente" in words
    assert message.body.startswith("Hallo Piet,")


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
        "invitation", User(email="a@voorbeeld.nl", first_name=name), address=f"{OURS}/x/", hours=24
    )
    assert message.body.startswith("Hallo,\n")
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
        "invitation", User(email="a@voorbeeld.nl", first_name=name), address=f"{OURS}/x/", hours=24
    )
    assert message.body.startswith(f"Hallo {name},")


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
