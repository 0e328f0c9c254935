"""Addresses as people type and paste them, at every field that takes one."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.email_input import LONGEST_TYPED, read
from tests.conftest import mails, prove
from tests.factories import PASSWORD, UserFactory
from tests.pages import SIGN_IN, is_signed_in, shown, signed_in

FORGOTTEN = "/wachtwoord-vergeten/"
FIND = "/inloggen/sso/"
CHANGE = "/persoonlijke-gegevens/e-mailadres/"
WHOLE = "mede.werker@voorbeeld.nl"
PASTED = [
    " mede.werker@voorbeeld.nl\t",
    "Mede Werker <mede.werker@voorbeeld.nl>",
    "Werker, Mede <mede.werker@voorbeeld.nl>",
    '"Werker, Mede" <mede.werker@voorbeeld.nl>;',
    "Mede Werker mede.werker@voorbeeld.nl",
    "<mede.werker@voorbeeld.nl",
    "mailto:mede.werker@voorbeeld.nl?subject=Vraag",
    "MAILTO:mede.werker@voorbeeld.nl",
    "‘mede.werker@voorbeeld.nl’",
    "„mede.werker@voorbeeld.nl”",
    "mede.werker@voorbeeld.nl.",
    "mede.werker@voorbeeld.nl,",
    "(mede.werker@voorbeeld.nl)",
    "\u200bmede.werker@voorbeeld.nl",
    "mede.werker\u00ad@voorbeeld.nl",
    "\u2066mede.werker@voorbeeld.nl\u2069",
    "\ufeffmede.werker@voorbeeld.nl",
    "\u00a0mede.werker@voorbeeld.nl\u202f",
    "mede.werker＠voorbeeld．nl",
]
NO_ADDRESS = [
    "jan",
    "jan@voorbeeld",
    "@voorbeeld.nl",
    "jan@",
    "jan@@voorbeeld.nl",
    "jan @voorbeeld.nl",
    "jan.voorbeeld.nl",
    "jan@voorbeeld..nl",
    "nіeuw@voorbeeld.nl",  # a Cyrillic і
    "a@voorbeeld.nl b@voorbeeld.nl",
    "x" * 250 + "@voorbeeld.nl",
    "x@" + "é." * 300 + "nl",
    "\u200b",
]


@pytest.mark.parametrize("typed", PASTED)
def test_what_pasting_adds_is_taken_off(typed: str) -> None:
    assert read(typed) == WHOLE


def test_international_domain_is_written_as_the_dns_has_it() -> None:
    assert read("jan@gemeente-voorbéeld.nl") == "jan@xn--gemeente-voorbeld-otb.nl"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("typed", ["Mede Werker <mede.werker@voorbeeld.nl>", "\u200bMede.Werker@voorbeeld.nl."])
def test_person_signs_in_and_gets_a_link_with_a_pasted_address(client: Client, typed: str) -> None:
    person = UserFactory(email=WHOLE)
    client.post(FORGOTTEN, {"email": typed})
    assert mails()[-1].to == [person.email]
    client.post(SIGN_IN, {"username": typed, "password": PASSWORD})
    assert is_signed_in(client)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", NO_ADDRESS)
def test_what_is_no_address_is_told_and_costs_nothing(client: Client, typed: str) -> None:
    """Nothing is mailed, counted or said to be sent, and what was typed stays in the field."""
    for page, field in ((FORGOTTEN, "email"), (FIND, "email"), (SIGN_IN, "username")):
        answer = shown(client, page, {field: typed, "password": PASSWORD})
        assert 'aria-invalid="true"' in answer, page
        assert "is geen volledig e-mailadres" in answer or "één e-mailadres" in answer or "Typ je e-mailadres" in answer
    assert mails() == []


@pytest.mark.django_db
def test_comma_instead_of_a_full_stop_is_named_with_what_was_meant(client: Client) -> None:
    assert "Bedoel je een punt: x@voorbeeld.nl?" in shown(client, FORGOTTEN, {"email": "x@voorbeeld,nl"})


@pytest.mark.django_db
def test_very_long_address_is_refused_before_anything_is_done_with_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_ones: list[str] = []
    monkeypatch.setattr("accounts.email_input.read", read_ones.append)
    assert 'aria-invalid="true"' in shown(client, FORGOTTEN, {"email": "x" * (LONGEST_TYPED + 1)})
    assert read_ones == []


@pytest.mark.django_db
@pytest.mark.parametrize("address", [WHOLE, "Niemand@Voorbeeld.nl"])
def test_page_after_asking_for_a_link_shows_the_address_that_was_typed(client: Client, address: str) -> None:
    UserFactory(email=WHOLE)
    sent = shown(client, FORGOTTEN, {"email": address})
    assert f"<strong>{address}</strong>" in sent
    assert f"<strong>{address}</strong>" in client.get("/wachtwoord-vergeten/verstuurd/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("typed", "mailed"),
    [
        ("Naam <nieuw@voorbeeld.nl>", "nieuw@voorbeeld.nl"),
        ("nieuw@voorbéeld.nl", "nieuw@xn--voorbeld-f1a.nl"),
    ],
)
def test_own_address_is_changed_to_what_was_meant(typed: str, mailed: str) -> None:
    client = signed_in(UserFactory())
    prove(client)
    client.post(CHANGE, {"email": typed})
    assert [message.to for message in mails()] == [[mailed]]
