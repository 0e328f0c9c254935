"""Every field says what it is for, so that browsers and password managers fill it in; no two pages share a title."""

from __future__ import annotations

import re
from collections import defaultdict
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client

from tests.addresses import filled
from tests.conftest import prove
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import half_signed_in, signed_in, text

pytestmark = pytest.mark.django_db

UNTYPED = {"hidden", "submit", "checkbox", "radio", "file", "button"}
# The purposes of the HTML standard that our fields have (WCAG 1.3.5); "off" for what no browser can know.
TOKENS = {
    "username",
    "username webauthn",  # passkeys stand beside the addresses (W3C Web Authentication Level 3, section 5.1.4)
    "current-password",
    "new-password",
    "one-time-code",
    "given-name",
    "family-name",
    "email",
    "language",
    "off",
}


class Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("input", "select", "textarea") and values.get("type") not in UNTYPED:
            self.found.append(values)


def fields(page: str) -> list[dict[str, str]]:
    parser = Fields()
    parser.feed(page)
    return parser.found


def every_page() -> list[tuple[str, str]]:
    """(address, text) of every page of the portal that a stranger, somebody half signed in and an employee can look at;
    the administration has Django's own forms."""
    person = UserFactory(with_totp=True)
    environment = EnvironmentFactory(people=[person])
    employee = signed_in(person)
    prove(employee)
    found = []
    for client in (Client(), half_signed_in(UserFactory(with_totp=True)), employee):
        for name, address in filled(person.authenticator_set.get().pk, environment.slug):
            if address.startswith("/beheer/") or name == "sign_out":
                continue
            answer = client.get(address, secure=True)
            if answer.status_code in (200, 410) and "html" in answer["Content-Type"]:
                found.append((address, text(answer)))
    assert len({address for address, _page in found}) > 20
    return found


def test_every_field_says_what_it_is_for() -> None:
    seen = set()
    for address, page in every_page():
        for field in fields(page):
            assert field.get("autocomplete") in TOKENS, f"{address}: {field}"
            seen.add(field["autocomplete"])
    assert seen == TOKENS


def test_page_with_a_new_password_names_the_account_for_the_password_manager() -> None:
    checked = set()
    for address, page in every_page():
        names = [field["autocomplete"] for field in fields(page)]
        if "new-password" in names:
            owner = next(field for field in fields(page) if field["autocomplete"] == "username")
            assert "@" in owner["value"]
            assert owner["type"] != "hidden"
            assert "unseen" in owner["class"]  # off the screen; what is not displayed is not found by all of them
            checked.add(address)
    assert checked == {"/persoonlijke-gegevens/wachtwoord/"}  # the page behind a mailed link: see passwords/test_links


def test_what_is_unseen_is_still_displayed() -> None:
    rule = re.search(r"\.unseen \{([^}]*)\}", (settings.BASE_DIR / "static" / "css" / "assetmaps.css").read_text())[1]
    assert "display" not in rule
    assert "visibility" not in rule


def test_no_two_pages_share_a_title() -> None:
    titles = defaultdict(set)
    for address, page in every_page():
        titles[re.search(r"<title>(.*?)</title>", page)[1]].add(address)
    assert len(titles) > 15
    assert {title: sorted(at) for title, at in titles.items() if len(at) > 1} == {}


def test_what_is_typed_into_passwords_addresses_and_codes_is_left_as_it_is() -> None:
    """A phone capitalises and corrects a shown password, and a translator turns a key into words."""
    seen = set()
    for address, page in every_page():
        for field in fields(page):
            purpose = field.get("autocomplete", "")
            if "readonly" in field:
                continue
            if field.get("type") in ("password", "email") or purpose in ("one-time-code", "username"):
                seen.add(purpose)
                assert field["autocapitalize"] in ("none", "off", "characters"), (address, field)
                assert (field["autocorrect"], field["spellcheck"]) == ("off", "false"), (address, field)
        assert "<code" not in page.replace('<code translate="no"', ""), address
    assert {"username", "current-password", "new-password", "one-time-code"} <= seen
