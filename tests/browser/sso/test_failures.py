"""Failures: at the provider, on the network, and in a browser with a back button and tabs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.core.cache import cache

from accounts import limits
from tests.browser.screen import Phone, Screen
from tests.browser.sso.connection import Agreement, find, is_signed_in_as
from tests.provider import LocalProvider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AGAIN = "Begin opnieuw"
Stop = Callable[[LocalProvider], None]


def callbacks(screen: Screen) -> list[str]:
    """Every address of ours that the provider sends this browser back to, as it happens."""
    seen: list[str] = []
    screen.page.on("request", lambda request: "/callback/" in request.url and seen.append(request.url))
    return seen


# The provider. --------------------------------------------------------------------------------------------------------


# ASVS 16.5.2
def test_provider_that_is_down_gives_a_page_in_time_and_passwords_go_on(
    screen: Screen, town: Agreement, stopped: Stop
) -> None:
    anna, here = town.employee("Anna Jansen", with_totp=True)
    town.sign_in(screen, anna)  # so that we have just heard all about the provider
    screen.page.context.clear_cookies()
    stopped(town.provider)
    begun = time.monotonic()
    find(screen, anna["email"])
    screen.heading("Inloggen is niet gelukt")
    assert time.monotonic() - begun < limits.OUTSIDE_TIMEOUT.total_seconds() + 2  # the pages before it included
    screen.says("De inlogpagina van Gemeente Voorbeeld geeft nu geen antwoord.")
    screen.says("unreachable")
    screen.follow("Inloggen met wachtwoord")
    screen.sign_in(here.email, Phone.of(here).unused())
    assert town.connection.failure == "unreachable"


def test_provider_that_goes_down_during_the_sign_in_gives_a_page_too(
    screen: Screen, town: Agreement, stopped: Stop
) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.go_there(screen)
    answer = town.choose_without_coming_back(screen, anna)
    stopped(town.provider)  # and nobody is left to exchange the code
    screen.page.goto(answer)
    screen.heading("Inloggen is niet gelukt")
    screen.says("geeft nu geen antwoord")
    screen.open("/")
    screen.heading("Inloggen")


def test_outage_of_one_organisation_is_none_of_another(
    screen: Screen, town: Agreement, housing: Agreement, stopped: Stop
) -> None:
    bram, _ = housing.employee("Bram Visser")
    stopped(town.provider)
    town.go_there(screen)
    screen.heading("Inloggen is niet gelukt")
    housing.sign_in(screen, bram)


def test_provider_that_signs_with_another_key_from_now_on_is_followed(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.sign_in(screen, anna)
    screen.page.context.clear_cookies()
    town.provider.restart(key="second")
    try:
        town.sign_in(screen, anna)  # our copy of its keys does not hold this one
        is_signed_in_as(screen, anna["email"])
    finally:
        town.provider.restart(key="first")


def test_secret_that_the_provider_does_not_take_is_told_on_our_pages(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    connection = town.connection
    connection.set_secret("van vorig jaar")
    connection.save()
    town.go_there(screen)
    town.choose(screen, anna)
    screen.heading("Inloggen is niet gelukt")
    screen.says("our_secret")
    assert town.connection.failure == "our_secret"


def test_who_cancels_there_can_begin_again_or_take_the_password(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.go_there(screen)
    screen.press("Annuleren")
    screen.heading("Inloggen is niet gelukt")
    screen.says("Het inloggen bij Gemeente Voorbeeld is afgebroken")
    assert "geannuleerd" not in screen.page.locator("main").inner_text()  # the provider's own words are never shown
    screen.follow(AGAIN)
    screen.press("Inloggen bij Gemeente Voorbeeld")
    town.choose(screen, anna)
    screen.heading("Mijn Omgevingen")


# The browser. ---------------------------------------------------------------------------------------------------------


# ASVS 10.1.2
def test_answer_that_comes_twice_leads_to_begin_again_and_signs_in_nobody(
    screen: Screen, elsewhere: Callable[..., Screen], town: Agreement
) -> None:
    anna, _ = town.employee("Anna Jansen")
    seen = callbacks(screen)
    town.sign_in(screen, anna)
    [answer] = seen
    screen.page.context.clear_cookies(domain="localhost")
    screen.page.goto(answer)
    screen.heading(AGAIN)
    other = elsewhere()
    other.page.goto(answer)
    other.heading(AGAIN)
    other.open("/")
    other.heading("Inloggen")
    screen.page.goto(answer)
    screen.follow(AGAIN)
    screen.press("Inloggen bij Gemeente Voorbeeld")
    screen.heading("Mijn Omgevingen")


def test_answer_that_comes_twice_signs_nobody_out_either(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    seen = callbacks(screen)
    town.sign_in(screen, anna)
    screen.page.goto(seen[0])
    screen.heading(AGAIN)
    screen.follow("Terug naar Persoonlijke Gegevens")
    is_signed_in_as(screen, anna["email"])


def test_sign_in_that_took_too_long_begins_again(
    screen: Screen, town: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.go_there(screen)
    screen.heading(town.organisation.slug)
    monkeypatch.setattr(limits, "SSO_TRANSACTION", limits.SSO_TRANSACTION * 0)  # as if the coffee took that long
    town.choose(screen, anna)
    screen.heading(AGAIN)
    screen.open("/")
    screen.heading("Inloggen")


# ASVS 10.1.2
def test_sign_in_begun_in_another_browser_cannot_be_finished_in_this_one(
    screen: Screen, elsewhere: Callable[..., Screen], town: Agreement
) -> None:
    thief, _ = town.employee("Dief Dievers")
    theirs = elsewhere()
    town.go_there(theirs)
    screen.page.goto(town.choose_without_coming_back(theirs, thief))  # a link that the thief sends to the victim
    screen.heading(AGAIN)
    screen.open("/")
    screen.heading("Inloggen")


def test_two_tabs_with_two_sign_ins_work_in_either_order(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    second = Screen(screen.page.context.new_page(), screen.portal)
    screen.open("/persoonlijke-gegevens/sessies/")
    screen.follow("Inloggen met zakelijk account")
    screen.page.get_by_label("E-mailadres van je werk").fill(anna["email"])
    screen.press("Ga verder")
    screen.heading(town.organisation.slug)
    town.go_there(second)
    town.choose(second, anna)
    second.heading("Mijn Omgevingen")
    town.choose(screen, anna)  # the older one comes last
    screen.heading("Actieve sessies")
    is_signed_in_as(second, anna["email"])


# ASVS 10.2.2
def test_two_tabs_at_two_organisations_are_not_mixed_up(screen: Screen, town: Agreement, housing: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    bram, _ = housing.employee("Bram Visser")
    second = Screen(screen.page.context.new_page(), screen.portal)
    town.go_there(screen)
    screen.heading(town.organisation.slug)
    housing.go_there(second)
    town.choose(screen, anna)
    screen.heading("Mijn Omgevingen")
    is_signed_in_as(screen, anna["email"])
    housing.choose(second, bram)
    second.heading("Mijn Omgevingen")
    is_signed_in_as(second, bram["email"])
    is_signed_in_as(screen, bram["email"])  # one browser, one session: the newest


def test_double_click_on_the_button_is_one_sign_in(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    screen.open(town.entry)
    screen.page.get_by_role("button", name="Inloggen bij Gemeente Voorbeeld").dblclick()
    town.choose(screen, anna)
    screen.heading("Mijn Omgevingen")


def test_connection_that_is_switched_off_meanwhile_lets_nobody_in(screen: Screen, town: Agreement) -> None:
    anna, _ = town.employee("Anna Jansen")
    town.go_there(screen)
    screen.heading(town.organisation.slug)
    town.change(enabled=False)
    town.choose(screen, anna)
    screen.open("/")
    screen.heading("Inloggen")


# What it costs. -------------------------------------------------------------------------------------------------------


def ours(provider: LocalProvider) -> list[str]:
    """What the portal itself asked of the provider so far: method and path."""
    return [line.removesuffix(" Assetmaps") for line in provider.requests if line.endswith(" Assetmaps")]


def test_warm_sign_in_asks_the_provider_one_thing_besides_what_the_browser_does(
    screen: Screen, town: Agreement
) -> None:
    anna, _ = town.employee("Anna Jansen")
    before = len(ours(town.provider))
    cache.clear()
    town.sign_in(screen, anna)
    assert ours(town.provider)[before:] == ["GET /.well-known/openid-configuration", "POST /token", "GET /jwks"]
    screen.page.context.clear_cookies()
    before = len(ours(town.provider))
    town.sign_in(screen, anna)
    assert ours(town.provider)[before:] == ["POST /token"]
