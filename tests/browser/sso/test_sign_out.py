"""Signing out here and at the provider, begun on either side."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from tests.browser.screen import Screen
from tests.browser.sso.connection import Agreement, is_signed_in_as
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THERE_TOO = "Ook uitloggen bij Gemeente Voorbeeld"


def leave(screen: Screen) -> None:
    screen.press("Uitloggen")
    screen.heading("Je bent uitgelogd")


def until_ended(person: User) -> None:
    """The provider tells us without the browser, so it may take a moment."""
    end = time.monotonic() + 5
    while Session.objects.filter(user=person).exists():
        assert time.monotonic() < end, "the session did not end"
        time.sleep(0.05)


def test_sign_out_offers_the_provider_and_comes_back_to_us(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    leave(screen)
    assert not Session.objects.filter(user=here).exists()  # out here at once, whatever is chosen next
    screen.press(THERE_TOO)
    screen.heading("Uitloggen bij gemeente-voorbeeld")
    screen.press("Ja, log uit")
    screen.heading("Je bent uitgelogd")
    assert screen.page.url.split("?")[0] == f"{screen.portal}/uitgelogd/"
    expect(screen.page.get_by_role("button", name=THERE_TOO)).to_have_count(0)
    town.go_there(screen)
    screen.heading("gemeente-voorbeeld")  # which asks again who it is
    town.choose(screen, anna)
    screen.heading("Mijn Omgevingen")


def test_who_stays_signed_in_there_is_out_here_all_the_same(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    leave(screen)
    screen.page.go_back()
    screen.heading("Inloggen")
    screen.open("/uitgelogd/")
    screen.follow("Opnieuw inloggen")
    screen.press("Inloggen bij Gemeente Voorbeeld")
    screen.heading("Mijn Omgevingen")


def test_who_answers_no_there_comes_back_to_us_too(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    leave(screen)
    screen.press(THERE_TOO)
    screen.press("Nee, blijf ingelogd")
    screen.heading("Je bent uitgelogd")


# ASVS 10.5.5
def test_sign_out_at_the_provider_ends_the_session_here(screen: Screen, town: Agreement) -> None:
    anna, here = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    screen.page.goto(f"{town.provider.issuer}/session/end")
    screen.press("Ja, log uit")
    until_ended(here)
    assert AuditEntry.objects.filter(event="sso_session_ended", subject_id=here.pk).count() == 1
    screen.open("/persoonlijke-gegevens/")
    screen.heading("Inloggen")


def test_sign_out_at_one_provider_leaves_everybody_else_in(
    screen: Screen, elsewhere: object, town: Agreement, housing: Agreement
) -> None:
    anna, here = town.employee("Anna Jansen")
    bram, _ = housing.employee("Bram Visser")
    piet, _ = town.employee("Piet Prins")
    at_housing, colleague = elsewhere(), elsewhere()
    housing.sign_in(at_housing, bram)
    town.sign_in(colleague, piet)
    town.sign_in(screen, anna)
    screen.page.goto(f"{town.provider.issuer}/session/end")
    screen.press("Ja, log uit")
    until_ended(here)
    is_signed_in_as(at_housing, bram["email"])
    is_signed_in_as(colleague, piet["email"])


def test_who_signed_in_with_a_password_is_offered_no_provider(screen: Screen, town: Agreement) -> None:
    UserFactory(email="piet@voorbeeld.nl", organisation=town.organisation)
    screen.sign_in("piet@voorbeeld.nl")
    screen.sign_out()
    screen.open("/uitgelogd/")
    expect(screen.page.get_by_role("button", name=THERE_TOO)).to_have_count(0)
