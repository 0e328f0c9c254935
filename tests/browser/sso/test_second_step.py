"""The second factor at the provider, access to the administration, and reauthentication at the provider."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import User
from accounts.two_factor import devices
from tests.browser import out_of_band
from tests.browser.screen import ACTIVATE, CHALLENGE, Phone, Screen
from tests.browser.sso.connection import CONFIRM, Agreement, is_signed_in_as

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ONE_STEP = {"amr": ["pwd"], "acr": "one-step"}


def test_proof_of_the_provider_opens_the_portal_and_the_button_gives_way_to_a_line(
    screen: Screen, town: Agreement
) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    screen.gear.click()
    screen.says("Gemeente Voorbeeld regelt de tweede stap")
    screen.says("Neem contact op met de helpdesk")
    expect(screen.page.get_by_role("button", name=ACTIVATE)).to_have_count(0)


def test_acr_that_was_asked_for_is_shown(screen: Screen, town: Agreement) -> None:
    town.change(vouching="acr", vouching_value="two-steps", missing_proof="refuse")
    anna, _ = town.employee("Anna Jansen", claims={"amr": ["pwd"]})
    town.sign_in(screen, anna)
    is_signed_in_as(screen, anna["email"])


def test_missing_proof_asks_our_code(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen", claims=ONE_STEP, with_totp=True)
    town.go_there(screen)
    town.choose(screen, anna)
    screen.heading("Verificatiecode")
    assert screen.address == CHALLENGE
    screen.open("/persoonlijke-gegevens/")
    screen.heading("Inloggen")  # nothing is open before the code
    screen.open(CHALLENGE)
    screen.give_code(Phone.of(here).unused())
    screen.heading("Mijn Omgevingen")


def test_missing_proof_of_somebody_without_a_code_leads_to_the_set_up_and_nowhere_else(
    screen: Screen, town: Agreement
) -> None:
    anna, here = town.employee("Anna Jansen", claims=ONE_STEP)
    town.go_there(screen)
    town.choose(screen, anna)
    screen.heading("Twee-staps-authenticatie instellen")
    screen.open("/persoonlijke-gegevens/")
    screen.heading("Twee-staps-authenticatie instellen")
    screen.give_code(Phone.scan(screen.page).unused())
    screen.says("Twee-staps-authenticatie staat aan")
    assert devices.has_confirmed_device(here)


def test_missing_proof_is_refused_where_that_is_agreed_and_says_whom_to_ask(screen: Screen, town: Agreement) -> None:
    town.change(missing_proof="refuse")
    anna, _ = town.employee("Anna Jansen", claims=ONE_STEP, with_totp=True)
    town.go_there(screen)
    town.choose(screen, anna)
    screen.heading("Inloggen is niet gelukt")
    screen.says("liet ons niet weten dat je een tweede stap hebt gebruikt")
    screen.says("Ga naar de helpdesk")
    screen.says("no_second_step")
    screen.open("/")
    screen.heading("Inloggen")


def test_agreement_opens_the_portal_without_a_code(screen: Screen, town: Agreement) -> None:
    town.change(vouching="agreement", vouching_value="")
    anna, _ = town.employee("Anna Jansen", claims=ONE_STEP)
    town.sign_in(screen, anna)
    is_signed_in_as(screen, anna["email"])


# ASVS 6.8.4
def test_agreement_does_not_open_the_administration_but_the_own_code_does(screen: Screen, town: Agreement) -> None:
    town.change(vouching="agreement", vouching_value="")
    boss, here = town.employee("Bea Beheer", claims=ONE_STEP, superuser=True, with_totp=True)
    town.go_there(screen)
    town.choose(screen, boss)
    screen.heading("Verificatiecode")
    screen.open("/beheer/")
    screen.heading("Inloggen")
    screen.open(CHALLENGE)
    screen.give_code(Phone.of(here).unused())
    screen.heading("Beheer")  # without environments
    screen.open("/beheer/")
    expect(screen.page).to_have_title("Beheer · Mijn Assetmaps")


def test_worker_who_becomes_staff_in_an_agreed_session_owes_the_own_code(screen: Screen, town: Agreement) -> None:
    town.change(vouching="agreement", vouching_value="")
    anna, here = town.employee("Anna Jansen", claims=ONE_STEP)
    town.sign_in(screen, anna)
    User.objects.filter(pk=here.pk).update(is_staff=True)
    screen.open("/beheer/")
    screen.heading("Twee-staps-authenticatie instellen")


def test_shown_claim_opens_the_administration(screen: Screen, town: Agreement) -> None:
    boss, _ = town.employee("Bea Beheer", staff=True)
    town.go_there(screen)
    town.choose(screen, boss)
    screen.heading("Beheer")  # without environments
    expect(screen.page).to_have_title("Beheer · Mijn Assetmaps")


# ASVS 7.6.1
def test_fresh_proof_goes_through_the_provider_which_asks_anew(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.heading("Bevestig dat jij het bent")
    expect(screen.page.get_by_label("Wachtwoord")).to_have_count(0)
    town.prove(screen, anna)  # chooses once more, although the session there is open
    screen.heading("E-mailadres wijzigen")


def test_interrupted_change_goes_on_after_the_proof_there(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.page.get_by_label("Nieuw e-mailadres").fill("anna@thuis.nl")
    out_of_band.let_proof_grow_old(screen)
    screen.press("Stuur de link")
    town.prove(screen, anna)
    screen.says("anna@thuis.nl")
    screen.open(out_of_band.mailed("persoonlijke-gegevens/e-mailadres/bevestigen"))
    screen.press("Gebruik dit adres")
    assert User.objects.get(pk=here.pk).email == "anna@thuis.nl"


def test_colleague_at_the_same_computer_proves_nothing(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    piet, _ = town.employee("Piet Prins")
    town.sign_in(screen, anna)
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    town.prove(screen, piet)  # with which the provider signs Anna out, there and so here
    screen.heading("Begin opnieuw")
    screen.open("/")
    screen.heading("Inloggen")


# ASVS 6.8.4, 7.6.1
# NIST N14
def test_provider_that_did_not_really_ask_anew_proves_nothing(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    out_of_band.let_proof_grow_old(screen)
    anna["signed_in_seconds_ago"] = 300
    town.provider.save()
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    town.prove(screen, anna)
    screen.says("authentication_time")
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    screen.heading("Bevestig dat jij het bent")


def test_who_owes_our_code_types_it_after_the_proof_there(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen", claims=ONE_STEP, with_totp=True)
    phone = Phone.of(here)
    town.go_there(screen)
    town.choose(screen, anna)
    screen.give_code(phone.unused())
    screen.heading("Mijn Omgevingen")
    out_of_band.let_proof_grow_old(screen)
    screen.open("/persoonlijke-gegevens/e-mailadres/")
    town.prove(screen, anna)
    screen.heading("Bevestig dat jij het bent")
    expect(screen.page.get_by_role("button", name=CONFIRM)).to_have_count(0)
    screen.page.get_by_label("Code van 6 cijfers, of een herstelcode").fill(phone.unused())
    screen.press("Bevestigen")
    screen.heading("E-mailadres wijzigen")
