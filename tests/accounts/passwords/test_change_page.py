"""Wachtwoord wijzigen, and the rules for a new password."""

from __future__ import annotations

import pytest

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.passwords.forms import ChangePasswordForm
from tests.conftest import mails
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN, browser, half_signed_in, is_signed_in, session_key, shown, signed_in

pytestmark = pytest.mark.django_db

CHANGE = "/persoonlijke-gegevens/wachtwoord/"
NEW = "een heel nieuwe lange zin"
LONGEST = (PASSWORD + " en dan nog een heel verhaal over vier ezels die naar de markt lopen " * 3)[:128]


@pytest.fixture
def person() -> User:
    return UserFactory()


def change(client: object, new: str = NEW, old: str = PASSWORD, again: str | None = None) -> str:
    values = {"old_password": old, "new_password1": new, "new_password2": new if again is None else again}
    return shown(client, CHANGE, values)


def signs_in(person: User, password: str) -> bool:
    return browser().post(SIGN_IN, {"username": person.email, "password": password}).url != SIGN_IN


def test_password_is_changed(person: User) -> None:  # ASVS 6.2.2
    assert "Je wachtwoord is gewijzigd." in change(signed_in(person))
    assert signs_in(person, NEW)
    assert not signs_in(person, PASSWORD)


def test_no_password_comes_back_in_the_page(person: User) -> None:
    page = change(signed_in(person), new="kortgeheim", old="iets heel anders")
    assert "kortgeheim" not in page
    assert "iets heel anders" not in page


def test_this_session_stays_under_a_new_key_and_others_end(person: User) -> None:  # ASVS 7.4.3, 7.2.4
    here, elsewhere = signed_in(person), signed_in(person)
    before = session_key(here)
    change(here)
    assert is_signed_in(here)
    assert session_key(here) != before
    assert not is_signed_in(elsewhere)


def test_half_signed_in_and_verified_sessions_are_told_apart() -> None:
    person = UserFactory(with_totp=True, staff=True)
    here, owing = signed_in(person), half_signed_in(person)
    change(here)
    assert here.get("/beheer/").status_code == 200
    assert owing.get(CODE).url == SIGN_IN


def test_change_is_recorded_and_mailed(person: User, django_capture_on_commit_callbacks: object) -> None:  # ASVS 6.3.7
    client = signed_in(person)
    with django_capture_on_commit_callbacks(execute=True):
        change(client)
    assert AuditEntry.objects.get(event="password_changed").subject == person
    assert [message.subject for message in mails()] == ["Je wachtwoord voor Assetmaps is gewijzigd"]
    assert NEW not in mails()[0].body


@pytest.mark.parametrize("new", ["een zin van 14 ", "x7" * 65, "kort", ""])
def test_password_that_breaks_a_rule_is_refused(person: User, new: str) -> None:  # ASVS 6.2.1
    new = new[:14] if new.startswith("een") else new[:129]
    client = signed_in(person)
    assert 'aria-invalid="true"' in change(client, new)
    assert signs_in(person, PASSWORD)


@pytest.mark.parametrize(
    "new",
    [
        "vijftien tekens",
        LONGEST,
        "  spaties vooraan en achteraan  ",
        "een zin met ëéÿ \U0001f984 en 日本語",
    ],
)
def test_long_password_with_any_characters_is_kept_as_typed(person: User, new: str) -> None:  # ASVS 6.2.8, 6.2.9
    assert "Je wachtwoord is gewijzigd." in change(signed_in(person), new)
    assert signs_in(person, new)
    assert not signs_in(person, new.strip() if new != new.strip() else new[:-1])


def test_password_of_the_address_is_refused() -> None:
    person = UserFactory(email="annemarie.devries@voorbeeld.nl")
    assert 'aria-invalid="true"' in change(signed_in(person), "annemarie.devries@")


def test_signed_out_visitor_cannot_change_a_password(person: User) -> None:
    change(browser())
    assert signs_in(person, PASSWORD)


def test_extra_fields_do_not_choose_another_person(person: User) -> None:  # ASVS 8.2.3
    other = UserFactory()
    values = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW, "user": other.pk, "id": other.pk}
    signed_in(person).post(CHANGE, values)
    assert signs_in(other, PASSWORD)


def test_empty_fields_are_told_apart_in_our_own_words(person: User) -> None:
    page = change(signed_in(person), new="", old="")
    assert "Vul je huidige wachtwoord in." in page
    assert "Vul een nieuw wachtwoord in." in page
    assert "Vul het nieuwe wachtwoord nog een keer in." in page
    assert "verplicht" not in page


def test_password_longer_than_anybody_types_is_refused_before_anything_is_done_with_it(person: User) -> None:
    def judge(_typed: str) -> bool:
        raise AssertionError("compared, and so hashed")

    endless = "x" * (limits.PASSWORD_LONGEST_TYPED + 1)
    values = {"old_password": endless, "new_password1": endless, "new_password2": endless}
    form = ChangePasswordForm(person, values, is_present_password=judge)
    assert set(form.errors) == {"old_password", "new_password1", "new_password2"}
