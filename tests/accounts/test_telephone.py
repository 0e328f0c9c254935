"""The telephone number of support: where a page or a mail says that one can call, and nowhere without a number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import telephone
from assetmaps.mail_preview.examples import EXAMPLES, messages_of

NUMBER, LINK = "+31 (0)20 123 45 67", "tel:+31201234567"
IN_ENGLISH = r"\bcall (or mail support|support|at once)\b"
SAYS_CALL_IN_ENGLISH = re.compile(IN_ENGLISH, re.IGNORECASE)
SAYS_CALL = re.compile(rf"\b(bel|mailt of belt)\b|{IN_ENGLISH}", re.IGNORECASE)
ONLY_WITH_NUMBER = re.compile(r"\{% if support_phone %\}.*?\{% (else|endif) %\}", re.DOTALL)
ROOT = Path(settings.BASE_DIR)


@pytest.mark.parametrize(
    ("number", "link"),
    [(NUMBER, LINK), ("(020) 123-45 67", "tel:0201234567"), ("0800 1234", "tel:08001234"), ("", "")],
)
def test_link_of_a_number_holds_its_digits(number: str, link: str) -> None:
    assert telephone.link(number) == link


def mails_that_say_call() -> list[str]:
    found = []
    for name in EXAMPLES:
        for message in (*messages_of(name, "nl"), *messages_of(name, "en")):
            found += [text for text in (message.body, str(message.alternatives[0][0])) if SAYS_CALL.search(text)]
    return found


def test_no_mail_says_call_without_a_number() -> None:
    assert mails_that_say_call() == []


def test_mail_that_says_call_names_the_number_as_a_link(settings: Settings) -> None:
    settings.SUPPORT_PHONE = NUMBER
    found = mails_that_say_call()
    assert len(found) > 20
    for text in found:
        assert (f'<a href="{LINK}">{NUMBER}</a>' if "<html" in text else NUMBER) in text


def test_every_text_asks_for_the_number_before_it_says_call() -> None:
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    files += [path for package in ("accounts", "assetmaps", "environments") for path in (ROOT / package).rglob("*.py")]
    said = [
        f"{path}: {words[0]}"
        for path in files
        for words in SAYS_CALL_IN_ENGLISH.finditer(ONLY_WITH_NUMBER.sub("", path.read_text()))
    ]
    assert said == []


@pytest.mark.django_db
def test_page_that_leads_to_support_shows_the_number_where_there_is_one(client: Client, settings: Settings) -> None:
    address = reverse("not_me", args=["too-old"])
    assert "tel:" not in client.get(address).content.decode()
    settings.SUPPORT_PHONE = NUMBER
    assert f'<a href="{LINK}">{NUMBER}</a>' in client.get(address).content.decode()
