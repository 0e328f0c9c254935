"""A passkey is demanded from a day on: an administrator decides so, and people at work add one first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from accounts.organisations.models import Organisation, PasskeyFor, StaffPolicy
from accounts.two_factor.models import Passkey
from tests.browser.passkeys import ADD, make, passkeys_on, press_make
from tests.browser.screen import Phone, Screen
from tests.browser.virtual_authenticator import Device
from tests.codes import code_of
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("at_its_address"),
]

OF_STAFF = "/beheer/passkey-beheerders/"
OF_TOWN = "/beheer/organisaties/voorbeeld/passkey/"


@pytest.fixture
def town(screen: Screen) -> Organisation:
    return OrganisationFactory(slug="voorbeeld", name="Gemeente Voorbeeld")


def ask_what_changes(screen: Screen, address: str, whom: str) -> str:
    """Of a demand in three weeks, on the page of whom it would stop."""
    screen.open(address)
    screen.page.get_by_label(whom, exact=True).check()
    day = timezone.localdate() + timedelta(weeks=3)
    screen.field("Verplicht vanaf", exact=True).fill(day.isoformat())
    screen.press("Bekijk wat er verandert")
    return day.isoformat()


def test_administrator_demands_it_only_where_they_get_in_themselves_and_sees_whom_it_stops(
    screen: Screen, verified: User, town: Organisation
) -> None:
    UserFactory(email="collega@voorbeeld.nl", organisation=town, with_totp=True)
    UserFactory(email="balie@voorbeeld.nl", is_staff=True, with_totp=True)
    Device(screen.page)
    screen.open_signed_in(verified.email, Phone.of(verified).unused())
    ask_what_changes(screen, OF_TOWN, "iedereen")
    expect(screen.page.get_by_role("alert")).to_contain_text("Voeg eerst zelf een passkey toe")
    make(screen)
    ask_what_changes(screen, OF_STAFF, "beheerders en support")
    expect(screen.page.get_by_role("alert")).to_contain_text("log er één keer mee in")  # to know that it works here
    screen.press("Uitloggen")  # and in, from the list below the address field
    screen.heading("Mijn Omgevingen")
    for address, whom, colleague in [
        (OF_STAFF, "beheerders en support", "balie@voorbeeld.nl"),
        (OF_TOWN, "iedereen", "collega@voorbeeld.nl"),
    ]:
        day = ask_what_changes(screen, address, whom)
        screen.says("1 persoon heeft nog geen passkey.")
        screen.follow("heeft alleen een authenticator-app")
        expect(screen.page.get_by_role("cell", name=colleague)).to_be_visible()
        assert not Organisation.objects.filter(passkey_from__isnull=False).exists()
        screen.button("Verplicht stellen vanaf", exact=False).click()
        screen.says("Opgeslagen.")
        assert day in {str(one.passkey_from) for one in [*StaffPolicy.objects.all(), *Organisation.objects.all()]}
    # The only one stays, and the page says why.
    StaffPolicy.objects.update(passkey_from=timezone.localdate())
    screen.open(f"/persoonlijke-gegevens/passkeys/{Passkey.objects.get().pk}/verwijderen/")
    screen.says("en je laatste passkey niet verwijderen.")
    assert len(passkeys_on(screen)) == 1


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with time_machine.travel(moment, tick=True):
        yield


def test_day_comes_while_somebody_is_at_work_who_adds_one_and_goes_on(screen: Screen, town: Organisation) -> None:
    person = UserFactory(organisation=town, with_totp=True)
    EnvironmentFactory(name="Bomen en groen", slug="bomen-en-groen", people=[person])
    device, second_tab = Device(screen.page), Screen(screen.page.context.new_page(), screen.portal)
    day = timezone.localdate() + timedelta(days=1)
    midnight = timezone.make_aware(datetime.combine(day, time()))
    Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=day)
    with at(midnight - timedelta(minutes=5)):
        screen.open_signed_in(person.email, code_of(person))
        screen.says("vraagt Gemeente Voorbeeld om een passkey.")
        second_tab.open("/")
    with at(midnight + timedelta(minutes=1)):
        screen.gear.click()
        assert screen.address == ADD
        screen.says("Jouw organisatie vraagt nu om een passkey.")
        screen.page.go_back()
        assert screen.address == ADD
        second_tab.follow("Bomen en groen")
        assert second_tab.address == ADD
        press_make(screen)
        screen.heading("Je herstelcodes voor Mijn Assetmaps")
        screen.press("Ik heb ze bewaard")
        screen.heading("Persoonlijke Gegevens")  # where the gear leads
        Device(second_tab.page).learn(device.credentials[0])  # the same device, which Chromium keeps apart
        second_tab.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it is looked at again
        second_tab.press("Maak een passkey")
        expect(second_tab.page.locator("[data-passkey-said]")).to_contain_text("Dit apparaat heeft al een passkey")
        assert (len(device.credentials), Passkey.objects.count()) == (1, 1)
        screen.press("Uitloggen")  # and in, from the list below the address field
        screen.heading("Mijn Omgevingen")


def test_session_that_showed_a_code_shows_the_passkey_first_where_there_is_one(
    screen: Screen, town: Organisation
) -> None:
    person = UserFactory(organisation=town, with_totp=True)
    Device(screen.page)
    screen.open_signed_in(person.email, code_of(person))
    make(screen)
    Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=timezone.localdate())
    screen.open("/persoonlijke-gegevens/sessies/")
    screen.heading("Jouw organisatie vraagt om je passkey")
    screen.open(ADD)
    screen.heading("Jouw organisatie vraagt om je passkey")  # a thief with a code adds none
    screen.press("Gebruik je passkey")
    screen.heading("Inloggen met vingerafdruk, gezicht of pincode")
    screen.open("/persoonlijke-gegevens/sessies/")
    screen.heading("Actieve sessies")
