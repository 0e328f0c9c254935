"""Each refusal has its reason; nothing else is refused."""

from __future__ import annotations

from contextlib import suppress
from unicodedata import normalize

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import limits
from accounts.models import User
from accounts.passwords.forms import NewPasswordForm
from accounts.passwords.validators import LengthValidator, NamesValidator, length
from tests.factories import PASSWORD, EnvironmentFactory, OrganisationFactory, UserFactory


def codes(password: str, user: User | None = None) -> set[str]:
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        return {error.code for error in refusal.error_list}
    return set()


# ASVS 6.2.1
# NIST N15
@pytest.mark.parametrize(("password", "refused"), [("vier ezels lope", False), ("vier ezels lop", True)])
def test_fifteen_characters_are_enough_and_fourteen_are_not(password: str, refused: bool) -> None:
    assert codes(password) == ({"password_too_short"} if refused else set())


# ASVS 6.2.5
# NIST N17
@pytest.mark.parametrize(
    "password", ["vier ezels lopen weg", "ВОСЕМЬ ЗЕЛЁНЫХ КОШЕК", "1593 5728 1904 6631", "𝄞🐎 paardenmelk 🥛🚲"]
)
def test_any_kind_of_character_will_do_because_there_are_no_rules_about_kinds(password: str) -> None:
    assert codes(password) == set()


# ASVS 6.2.9
# NIST N16
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_length_counts_code_points_of_the_composed_form(password: str) -> None:
    allowed = limits.PASSWORD_MIN_LENGTH <= len(normalize("NFC", password)) <= limits.PASSWORD_MAX_LENGTH
    try:
        LengthValidator().validate(password)
    except ValidationError:
        assert not allowed
    else:
        assert allowed
    assert length(password) == length(normalize("NFD", password))


# ASVS 6.2.9
# NIST N16
def test_the_longest_password_is_accepted_and_one_more_character_is_not() -> None:
    password = (PASSWORD + " en dan nog een heel verhaal over vier ezels die naar de markt lopen " * 3)[:128]
    assert codes(password) == set()
    assert codes(password + "x") == {"password_too_long"}


def test_a_password_of_a_megabyte_is_refused_at_once_by_one_rule_only() -> None:
    assert codes("é1x" * 300_000) == {"password_too_long"}


# NIST N18
def test_a_refusal_says_how_many_characters_are_missing_in_plain_dutch() -> None:
    with translation.override("nl"), pytest.raises(ValidationError) as refusal:
        LengthValidator().validate("vier ezels")
    assert "er zijn nog 5 tekens nodig" in refusal.value.messages[0]


# ASVS 6.2.4
@pytest.mark.parametrize(
    "password",
    [
        "password 1234567",
        "P@ssw0rd2024!!!!",
        "Welkom-Zomer-2024",
        "wachtwoord12345",
        "qwertyuiopasdfgh",
        "Ik hou van jou 123",
    ],
)
def test_what_somebody_would_try_first_is_refused_whatever_its_capitals_digits_and_signs(password: str) -> None:
    assert codes(password) == {"password_too_common"}


@pytest.mark.parametrize("password", ["a" * 20, "1010101010101010", "vier ezels vier ezels", "Kaas!Kaas!Kaas!Kaas!"])
def test_one_thing_over_and_over_is_as_weak_as_the_one_thing(password: str) -> None:
    assert codes(password) == {"password_repeats"}


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("kaasboer" * 16, "password_repeats"),
        ("assetmaps" + "1" * (limits.PASSWORD_MAX_LENGTH - len("assetmaps")), "password_built_on_name"),
    ],
)
def test_the_longest_password_is_judged_by_every_rule(password: str, why: str) -> None:
    assert len(password) == limits.PASSWORD_MAX_LENGTH
    assert why in codes(password)


# ASVS 6.1.2, 6.2.11
@pytest.mark.parametrize(
    "password",
    [
        "Assetmaps-2024-1843!",
        "4ss3tm4ps 77 4ss3t",
        "a.s.s.e.t.m.a.p.s 19",
        "mijn assetmaps wachtwoord",
        "ASSETMAPS assetmaps ok",
    ],
)
def test_a_password_built_on_the_product_is_refused(password: str) -> None:
    assert "password_built_on_name" in codes(password)


# ASVS 6.1.2, 6.2.11
@pytest.mark.django_db
@pytest.mark.parametrize(
    "password",
    [
        "WaterschapVeenkant1",  # the organisation
        "veenkant veenkant 12",  # one word of it
        "Kadekaart!2024!2025",  # the environment, written as one word
        "Réneé.van.Dobbel.88",  # the person, with an accent that the name lacks
        "rdobbel@post.nl 2024",  # the address
    ],
)
def test_a_password_built_on_a_name_around_the_person_is_refused(password: str) -> None:
    organisation = OrganisationFactory(name="Waterschap Veenkant", slug="veenkant")
    person = UserFactory(first_name="Renee", last_name="van Dobbel", email="rdobbel@post.nl", organisation=organisation)
    EnvironmentFactory(people=[person], organisation=organisation, name="Kade-kaart", slug="kade-kaart")
    assert codes(password, person) == {"password_built_on_name"}


@pytest.mark.django_db
def test_a_name_in_a_long_sentence_is_no_reason_to_refuse() -> None:
    person = UserFactory(first_name="Renee", last_name="van Dobbel")
    assert codes("de hond van Renee eet assetmaps op", person) == set()


# ASVS 8.4.1
@pytest.mark.django_db
def test_names_of_another_organisation_are_no_reason_because_the_refusal_would_tell_who_is_a_customer() -> None:
    EnvironmentFactory(organisation=OrganisationFactory(name="Polderdistrict"), name="Sluizenkaart")
    person = UserFactory()
    assert codes("Polderdistrict 2024", person) == set()
    assert codes("Sluizenkaart 202418", person) == set()


def test_somebody_who_is_not_stored_yet_can_be_given_a_password_without_a_question_to_the_database() -> None:
    assert codes(PASSWORD, User(email="nieuw@voorbeeld.nl")) == set()
    assert codes("nieuw nieuw 20242025", User(email="nieuw@voorbeeld.nl")) == {"password_built_on_name"}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=140))
def test_no_text_makes_the_rule_about_names_stumble(password: str) -> None:
    person = User(email="ŉß@voorbeeld.nl", first_name="İ", last_name="ﬁﬂ")
    with suppress(ValidationError):
        NamesValidator(["accounts.passwords.guessable_names.of"]).validate(password, person)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("kort", "kort", ["Dit wachtwoord is te kort"]),  # and nothing of the other rules
        ("een heel nieuwe lange zin", "een andere lange zin dan die", ["De twee wachtwoorden zijn niet gelijk."]),
        ("wachtwoordwachtwoord", "wachtwoordwachtwoord", ["In dit wachtwoord komt steeds hetzelfde terug"]),
    ],
)
def test_every_error_stands_at_the_first_field(first: str, second: str, told: list[str]) -> None:
    form = NewPasswordForm(UserFactory(), {"new_password1": first, "new_password2": second})
    assert list(form.errors) == ["new_password1"]
    with translation.override("nl"):
        found = [str(text) for text in form.errors["new_password1"]]
    assert len(found) == len(told)
    assert all(text.startswith(words) for text, words in zip(found, told, strict=True))
