"""An organisation demands a second step from today, while one of its people is at work."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from accounts.organisations.models import Organisation
from tests.browser import page_tour
from tests.browser.screen import SET_UP, Phone, Screen
from tests.codes import code_of
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def demand_today(screen: Screen) -> None:
    """What an administrator does, from the organisation's own page to the confirmation."""
    screen.sign_in(page_tour.ADMINISTRATOR, code_of(User.objects.get(email=page_tour.ADMINISTRATOR)))
    town = Organisation.objects.get(slug="gemeente-voorbeeld")
    screen.open(f"/beheer/organisations/organisation/{town.pk}/change/")
    screen.follow("Tweede stap bij het inloggen")
    screen.page.get_by_label("verplicht vanaf een datum").check()
    screen.page.get_by_label("Verplicht vanaf", exact=True).fill(timezone.localdate().isoformat())
    screen.press("Bekijk wat er verandert")
    expect(screen.page.get_by_role("alert")).to_contain_text("Dit gaat meteen in. 1 persoon moet")
    screen.follow("ingelogd")  # the names of a group
    expect(screen.page.get_by_role("cell", name=page_tour.EMPLOYEE)).to_be_visible()
    screen.press("Verplicht stellen en 1 persoon mailen")
    screen.says("Opgeslagen.")


def test_person_at_work_is_led_to_the_set_up_and_goes_on_where_they_were(screen: Screen, elsewhere: object) -> None:
    page_tour.people()
    screen.sign_in(page_tour.EMPLOYEE)
    demand_today(elsewhere())
    screen.gear.click()  # the next click
    assert screen.address == SET_UP
    screen.says("Jouw organisatie vraagt om een tweede stap.")
    screen.follow("Mijn Assetmaps")
    assert screen.address == SET_UP
    phone = Phone.scan(screen.page)
    screen.give_code(phone.unused())
    screen.says("Twee-staps-authenticatie staat aan")
    assert len(screen.recovery_codes) == 10
    screen.press("Ik heb ze bewaard")
    screen.heading("Persoonlijke Gegevens")  # what the gear leads to
    assert screen.recovery_codes == []
    screen.open("/")
    screen.says("Bomen en groen")
    screen.open("/persoonlijke-gegevens/")
    screen.follow("Twee-staps-authenticatie uitschakelen")
    screen.says("Gemeente Voorbeeld vraagt om twee-staps-authenticatie. Daarom kun je die niet uitschakelen.")
    _came_to, text = screen.ask("POST", "/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/")
    assert "Daarom kun je die niet uitschakelen" in text
    screen.sign_out()
    screen.sign_in(page_tour.EMPLOYEE, phone.unused())


def test_signing_in_leads_to_the_set_up_and_then_to_the_page_that_was_asked_for(
    screen: Screen, elsewhere: object
) -> None:
    page_tour.people()
    demand_today(elsewhere())
    screen.open("/persoonlijke-gegevens/sessies/")
    screen.page.get_by_label("E-mailadres").fill(page_tour.EMPLOYEE)
    screen.page.get_by_label("Wachtwoord", exact=True).fill(PASSWORD)
    screen.press("Inloggen")
    assert screen.address == SET_UP
    screen.give_code(Phone.scan(screen.page).unused())
    screen.press("Ik heb ze bewaard")
    screen.heading("Actieve sessies")


def test_list_of_who_has_none_is_downloaded(screen: Screen) -> None:
    page_tour.people()
    screen.sign_in(page_tour.ADMINISTRATOR, code_of(User.objects.get(email=page_tour.ADMINISTRATOR)))
    screen.open("/beheer/organisaties/gemeente-voorbeeld/overzicht/")
    with screen.page.expect_download() as download:
        screen.press("Download iedereen zonder tweede stap (CSV)")
    assert re.fullmatch(r"zonder-tweede-stap-gemeente-voorbeeld-[\d-]+\.csv", download.value.suggested_filename)
    assert page_tour.EMPLOYEE in download.value.path().read_text("utf-8-sig")
