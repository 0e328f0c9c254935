"""No text that somebody else chose becomes structure of a mail."""

from __future__ import annotations

import re

import pytest

from accounts.mail import composing, rendering
from accounts.models import User

OURS = "https://mijn.assetmaps.nl"


def links(page: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', page)


def html(body: str, action: str = "") -> str:
    return rendering.as_html("Onderwerp", f"Mijn Assetmaps\n\n{body}", action, "", "nl")


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
    assert page.count("display: inline-block") == (field == "organisation")
    assert page.count(">Dit was ik niet</a>") == (field != "organisation")
    assert page.count("font-size: 26px") == (template is None)
