"""The page Wachtwoord wijzigen."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import limits
from accounts.models import User
from tests.conftest import browser, mails, outlive_proof, prove, sign_in
from tests.factories import PASSWORD, UserFactory

PAGE = "/persoonlijke-gegevens/wachtwoord/"
NEW = "  vier ezels, één café  "

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(client: Client) -> User:
    person = UserFactory()
    sign_in(client, person)
    return person


def post(client: Client, old: str = PASSWORD, new: str = NEW, again: str | None = None) -> object:
    return client.post(PAGE, {"old_password": old, "new_password1": new, "new_password2": again or new})


# ASVS 7.5.1
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_fresh_proof_nothing_is_changed(client: Client, person: User, method: str) -> None:
    outlive_proof(client)
    response = client.get(PAGE) if method == "get" else post(client)
    assert response.status_code == 302
    assert response.url.startswith("/bevestig-identiteit/?next=")
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


# ASVS 6.2.2, 6.2.3, 6.2.8, 6.3.7, 7.4.3
def test_the_password_is_changed_as_typed_and_every_other_session_ends(client: Client, person: User) -> None:
    elsewhere = browser()
    sign_in(elsewhere, person)
    prove(client)
    assert post(client).url == "/persoonlijke-gegevens/"
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert not person.check_password(NEW.strip())
    assert client.get("/persoonlijke-gegevens/").status_code == 200
    assert elsewhere.get("/persoonlijke-gegevens/").url.startswith("/inloggen/")
    assert [message.subject for message in mails()] == ["Je wachtwoord voor Assetmaps is gewijzigd"]


# ASVS 6.2.3
def test_the_present_password_is_asked_for_even_with_fresh_proof(client: Client, person: User) -> None:
    prove(client)
    post(client, old="iets heel anders dan dat")
    assert "Je huidige wachtwoord klopt niet" in client.get(PAGE).content.decode()
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


# NIST N18
def test_a_refusal_is_shown_at_its_field_and_no_password_travels_back(client: Client, person: User) -> None:
    prove(client)
    post(client, new="persoon soon voorbeeld")
    page = client.get(PAGE).content.decode()
    assert "Dit wachtwoord bestaat vooral uit" in page
    assert "persoon soon" not in page
    assert PASSWORD not in page


# ASVS 6.2.6, 6.2.7
# NIST N19
def test_fields_help_password_managers_and_take_their_number_from_the_policy(client: Client, person: User) -> None:
    prove(client)
    page = client.get(PAGE).content.decode()
    assert page.count('type="password"') == 3
    assert page.count('autocomplete="new-password"') == 2
    assert 'autocomplete="current-password"' in page
    assert "maxlength=" not in page  # a field that cuts off what is pasted changes the password unseen
    assert f'data-shortest="{limits.PASSWORD_MIN_LENGTH}"' in page
    assert f"Minstens {limits.PASSWORD_MIN_LENGTH} tekens." in page
    assert "password-advice.js" in page
