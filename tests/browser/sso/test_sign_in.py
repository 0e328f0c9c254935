"""Signing in with the business account: from which page, and into which account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords.flows import invite
from accounts.sso.models import Identity
from environments.models import GroupMapping
from tests.browser import out_of_band
from tests.browser.screen import Phone, Screen
from tests.browser.sso.connection import LINK, WAY, Agreement, find, is_signed_in_as
from tests.factories import PASSWORD, EnvironmentFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

UNKNOWN = "We kennen je zakelijke account nog niet."


def test_address_leads_to_the_own_organisation_of_two(
    screen: Screen, elsewhere: Callable[..., Screen], town: Agreement, housing: Agreement
) -> None:
    anna, _ = town.employee("Anna Jansen")
    bram, _ = housing.employee("Bram Visser")
    find(screen, anna["email"])
    screen.says(f"Gevraagd: {anna['email']}")
    town.choose(screen, anna)
    screen.heading("Mijn Omgevingen")
    is_signed_in_as(screen, anna["email"])
    other = elsewhere()
    find(other, bram["email"].upper())
    housing.choose(other, bram)
    other.heading("Mijn Omgevingen")
    is_signed_in_as(other, bram["email"])


def test_own_page_of_the_organisation_leads_to_its_provider(
    screen: Screen, town: Agreement, housing: Agreement
) -> None:
    bram, _ = housing.employee("Bram Visser")
    housing.sign_in(screen, bram)
    is_signed_in_as(screen, bram["email"])


def test_unknown_address_gets_a_plain_answer_and_the_password_way(screen: Screen, town: Agreement) -> None:
    find(screen, "iemand@elders.nl")
    screen.heading(WAY)
    screen.says("Bij dit adres kennen we geen zakelijk account.")
    assert screen.page.get_by_label("E-mailadres van je werk").input_value() == "iemand@elders.nl"
    screen.follow("Inloggen met wachtwoord")
    screen.heading("Inloggen")


def test_page_that_was_asked_for_opens_after_signing_in(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    screen.open("/persoonlijke-gegevens/sessies/")
    screen.heading("Inloggen")
    screen.follow(WAY)
    screen.page.get_by_label("E-mailadres van je werk").fill(anna["email"])
    screen.press("Ga verder")
    town.choose(screen, anna)
    screen.heading("Actieve sessies")


# ASVS 7.6.2
def test_second_sign_in_asks_nothing_there_but_still_the_button_here(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    screen.page.context.clear_cookies(domain="localhost")
    screen.open("/")
    screen.heading("Inloggen")
    screen.open(town.entry)
    screen.heading(WAY)  # nothing begins by itself (ASVS 7.6.2)
    screen.press("Inloggen bij Gemeente Voorbeeld")
    screen.heading("Mijn Omgevingen")


def test_first_visit_makes_an_account_with_the_environments_of_the_groups(screen: Screen, town: Agreement) -> None:
    town.change(make_on_arrival=True, group_claim="groups")
    roads = EnvironmentFactory(organisation=town.organisation, name="Wegen en bruggen")
    EnvironmentFactory(organisation=town.organisation, name="Bomen en groen")
    GroupMapping.objects.create(environment=roads, value="kaart")
    nora = town.hire("Nora Nieuw", groups=["kaart", "kantine"])
    find(screen, nora["email"])
    town.choose(screen, nora)
    screen.heading("Mijn Omgevingen")
    screen.says("Wegen en bruggen")
    assert "Bomen en groen" not in screen.page.locator("main").inner_text()
    made = User.objects.get(email=nora["email"])
    assert (made.first_name, made.last_name, made.is_staff) == ("Nora", "Nieuw", False)
    assert Identity.objects.get(user=made).subject == nora["sub"]


def test_first_visit_makes_nothing_where_that_is_not_agreed(screen: Screen, town: Agreement) -> None:
    nora = town.hire("Nora Nieuw")
    town.go_there(screen)
    town.choose(screen, nora)
    screen.heading("Inloggen is niet gelukt")
    screen.says(UNKNOWN)
    assert not User.objects.exists()


# ASVS 6.8.1
def test_provider_that_names_the_address_of_somebody_else_signs_in_nobody(
    screen: Screen, town: Agreement, housing: Agreement
) -> None:
    town.change(make_on_arrival=True)
    _, bram = housing.employee("Bram Visser")
    colleague = UserFactory(email=f"chef@{town.domain}", organisation=town.organisation, superuser=True)
    for address in (bram.email, colleague.email):
        thief = town.hire("Dief Dievers") | {"email": address, "preferred_username": address}
        town.provider.accounts[-1] = thief
        town.provider.save()
        screen.page.context.clear_cookies()
        town.go_there(screen)
        town.choose(screen, thief)
        screen.heading("Inloggen is niet gelukt")
        screen.says(UNKNOWN)
        screen.open("/")
        screen.heading("Inloggen")
    assert not Identity.objects.filter(subject=thief["sub"]).exists()


def test_invited_person_takes_the_business_account_instead_of_a_password(screen: Screen, town: Agreement) -> None:
    ivo = town.hire("Ivo Vonk")
    invited = UserFactory(email="ivo@privé.nl", organisation=town.organisation)
    invited.set_unusable_password()
    invited.save()
    invite(invited, actor=None, origin=Origin())
    screen.open(out_of_band.mailed("wachtwoord-instellen"))
    screen.heading("Kies een wachtwoord")
    screen.says("Heb je een account van Gemeente Voorbeeld?")
    screen.press(WAY)
    town.choose(screen, ivo)
    screen.heading("Mijn Omgevingen")
    assert Identity.objects.get(subject=ivo["sub"]).user == invited
    is_signed_in_as(screen, "ivo@privé.nl")


def test_person_with_a_password_links_the_business_account_after_fresh_proof(screen: Screen, town: Agreement) -> None:
    piet = town.hire("Piet Prins")
    person = UserFactory(email=piet["email"], organisation=town.organisation, with_totp=True)
    phone = Phone.of(person)
    screen.sign_in(person.email, phone.unused())
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/")
    screen.press(LINK)
    screen.confirm_identity(phone.unused())
    town.choose(screen, piet)
    screen.heading("Persoonlijke Gegevens")
    screen.says("Je zakelijke account is gekoppeld.")
    assert AuditEntry.objects.filter(event="sso_linked", subject_id=person.pk).count() == 1
    screen.sign_out()
    town.go_there(screen)  # where Piet is still signed in
    screen.heading("Mijn Omgevingen")
    is_signed_in_as(screen, piet["email"])


def test_link_asks_anew_who_somebody_is_there_because_a_colleague_may_be_signed_in(
    screen: Screen, town: Agreement
) -> None:
    anna, _ = town.employee("Anna Jansen")
    piet = town.hire("Piet Prins")
    town.sign_in(screen, anna)
    screen.page.context.clear_cookies(domain="localhost")
    person = UserFactory(email=piet["email"], organisation=town.organisation)
    screen.sign_in(person.email)
    screen.open("/persoonlijke-gegevens/")
    screen.press(LINK)
    town.choose(screen, piet)  # asks, although Anna is signed in there
    screen.says("Je zakelijke account is gekoppeld.")


# ASVS 6.8.1
def test_other_name_and_address_at_the_provider_is_the_same_account(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    town.rename(anna, "Truus Bakker")
    screen.page.context.clear_cookies()
    find(screen, anna["email"])
    town.choose(screen, anna)
    screen.heading("Mijn Omgevingen")
    is_signed_in_as(screen, here.email)
    assert User.objects.count() == 1


# ASVS 7.4.2
def test_deactivated_person_is_out_at_the_next_step(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    User.objects.filter(pk=here.pk).update(is_active=False)
    screen.open("/persoonlijke-gegevens/")
    screen.heading("Inloggen")
    town.go_there(screen)
    screen.heading("Inloggen is niet gelukt")
    screen.says(UNKNOWN)


def test_organisation_that_takes_the_business_account_only(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen")
    here.membership.organisation.second_step = "business_account"
    here.membership.organisation.save()
    screen.give_password(here.email, PASSWORD)
    screen.heading("Inloggen")
    town.sign_in(screen, anna)
    is_signed_in_as(screen, here.email)
