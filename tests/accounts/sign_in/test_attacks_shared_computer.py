"""A link of somebody else signs nobody out, and the next person at a computer sees nothing of the one before."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from tests.conftest import sign_in
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, DETAILS, SIGN_IN, browser, is_signed_in, shown, signed_in, text

pytestmark = pytest.mark.django_db

SENT = "/wachtwoord-vergeten/verstuurd/"
WAITS = "/nieuwe-telefoon/"
BAD = {"first_name": "x" * 200, "last_name": "Geheim", "language": "nl"}


@pytest.fixture
def link() -> str:
    """Of somebody whose second factor support has reset."""
    person = UserFactory(with_totp=True, email="kwijt@voorbeeld.nl")
    devices.remove_all(person)
    return account_recovery.begin(person).removeprefix(settings.PUBLIC_URL)


def test_foreign_link_for_a_new_phone_signs_nobody_out_by_being_opened(link: str) -> None:
    visitor = signed_in(UserFactory())
    assert visitor.get(link).url == WAITS
    assert "Uitloggen en een nieuw apparaat koppelen" in shown(visitor, WAITS)
    assert is_signed_in(visitor)


def test_foreign_link_ends_no_sign_in_that_waits_for_its_code(link: str) -> None:
    person = UserFactory(with_totp=True)
    visitor = browser()
    visitor.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    visitor.get(link)
    assert visitor.get(CODE).status_code == 200


def test_who_is_signed_in_and_presses_the_button_goes_on_to_the_set_up(link: str) -> None:
    visitor = signed_in(UserFactory())
    visitor.get(link)
    assert visitor.post(WAITS).url == SIGN_IN
    assert not is_signed_in(visitor)
    answer = visitor.post(SIGN_IN, {"username": "kwijt@voorbeeld.nl", "password": PASSWORD})
    assert answer.url.endswith("/twee-staps-authenticatie/bevestigen/")


def test_button_of_a_link_that_works_no_more_signs_nobody_out(link: str) -> None:
    visitor = signed_in(UserFactory())
    visitor.get(link)
    account_recovery.begin(User.objects.get(email="kwijt@voorbeeld.nl"))
    assert visitor.post(WAITS).status_code == 410
    assert is_signed_in(visitor)


def refuse_details(client: Client) -> None:
    """A form is refused, and the page that would show why is never opened."""
    assert client.post(DETAILS, BAD).status_code == 302


def test_next_person_at_the_computer_sees_nothing_of_a_refused_form() -> None:
    client = signed_in(UserFactory())
    refuse_details(client)
    kept = client.cookies["__Host-refused"].value
    client.post("/uitloggen/")
    assert not client.cookies["__Host-refused"].value
    sign_in(client, UserFactory())
    client.cookies["__Host-refused"] = kept  # as when the session ended by itself
    assert "Geheim" not in text(client.get(DETAILS))


def test_person_who_typed_it_still_sees_it() -> None:
    client = signed_in(UserFactory())
    refuse_details(client)
    assert "Geheim" in text(client.get(DETAILS))


def test_address_that_was_typed_is_gone_when_its_page_was_left() -> None:
    client = browser()
    client.post("/wachtwoord-vergeten/", {"email": "iemand@voorbeeld.nl"})
    assert "iemand@voorbeeld.nl" in text(client.get(SENT))
    assert "iemand@voorbeeld.nl" in text(client.get(SENT)), "loaded again"
    client.get(SIGN_IN)
    assert "iemand@voorbeeld.nl" not in text(client.get(SENT))
