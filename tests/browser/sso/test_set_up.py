"""An administrator sets single sign-on up on the pages, from nothing, and a colleague comes in by it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from accounts.models import User
from accounts.sso.models import Connection, MailDomain
from tests.browser.screen import Phone, Screen
from tests.browser.sso.connection import Agreement, find, is_signed_in_as
from tests.factories import UserFactory
from tests.provider import CLIENT_ID

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def boss(screen: Screen, town: Agreement) -> User:
    """A superuser, signed in with password and code; of single sign-on nothing is set up."""
    Connection.objects.all().delete()
    MailDomain.objects.all().delete()
    person = UserFactory(email="beheer@assetmaps.nl", superuser=True, with_totp=True)
    screen.sign_in(person.email, Phone.of(person).unused())
    return person


@pytest.fixture
def registered(town: Agreement) -> Iterator[dict[str, object]]:
    """How the provider knows us, for a test to change; afterwards it is as before."""
    before = dict(town.provider.client)
    yield town.provider.client
    town.provider.client = before
    town.provider.restart()


def here(town: Agreement, page: str = "") -> str:
    return f"/beheer/sso/{town.organisation.slug}/{page}"


def fill_in_provider(screen: Screen, town: Agreement, secret: str) -> None:
    screen.open(here(town))
    screen.follow("Keycloak")
    screen.page.get_by_label("Adres van de realm").fill(f"{town.provider.issuer}/.well-known/openid-configuration")
    screen.page.get_by_label("Client-id").fill(CLIENT_ID)
    screen.page.get_by_label("Geheim", exact=True).fill(secret)
    screen.press("Opslaan")
    is_at_step(screen, "Koppelen" if not secret else "Maildomeinen")


def is_at_step(screen: Screen, name: str) -> None:
    expect(screen.page.locator("[aria-current=step] h2")).to_have_text(name)


def try_it(screen: Screen, town: Agreement, person: dict[str, object]) -> None:
    screen.open(here(town))
    screen.press("Proefinloggen")
    town.choose(screen, person)
    expect(screen.page.get_by_role("heading", level=1)).to_have_text("Proefinloggen")


def switch_on(screen: Screen) -> None:
    """From the page with the result of a good test."""
    screen.press("Inschakelen")
    screen.page.get_by_text("Inloggen met zakelijk account staat aan.").wait_for()


def test_from_nothing_to_a_colleague_who_comes_in(
    screen: Screen, elsewhere: object, town: Agreement, boss: User
) -> None:
    nora = town.hire("Nora Nieuw")
    fill_in_provider(screen, town, town.provider.secret)
    screen.open(here(town, "tweede-stap/"))
    screen.page.get_by_label("Je aanbieder, met de claim “amr”", exact=False).check()
    screen.page.get_by_label("Waarde van de claim").fill("mfa")
    screen.page.get_by_label("Het portaal weigert het inloggen", exact=False).check()
    screen.press("Opslaan")
    screen.open(here(town, "mensen/"))
    screen.page.get_by_label("Maak een account voor collega’s bij hun eerste bezoek").check()
    screen.press("Opslaan")
    UserFactory(email=f"lid@{town.domain}", organisation=town.organisation)
    screen.open(here(town))
    screen.press(f"{town.domain} toevoegen")
    screen.follow("Bewijzen met een reden")
    screen.page.get_by_label("Reden").fill("Gebeld met de gemeentesecretaris op het bekende nummer.")
    screen.press("Bewijs dit domein")
    is_at_step(screen, "Proefinloggen")
    try_it(screen, town, nora)
    screen.page.get_by_text("Een nieuw account: Nora Nieuw (nora@voorbeeld.nl)").wait_for()
    screen.page.get_by_text("De aanbieder liet een tweede stap zien.").wait_for()
    assert not User.objects.filter(email=nora["email"]).exists()  # a test changes nothing
    switch_on(screen)
    expect(screen.page.locator("[aria-current=step]")).to_have_count(0)
    colleague = elsewhere()
    find(colleague, nora["email"])
    town.choose(colleague, nora)
    colleague.heading("Mijn Omgevingen")
    is_signed_in_as(colleague, nora["email"])


def test_switching_on_waits_for_a_test_that_went_well(screen: Screen, town: Agreement, boss: User) -> None:
    fill_in_provider(screen, town, "niet het goede geheim")
    person = town.hire("Nora Nieuw")
    try_it(screen, town, person)
    screen.page.get_by_text("Het proefinloggen is niet gelukt.").wait_for()
    screen.page.get_by_text("De aanbieder accepteert ons geheim of sleutelpaar niet.", exact=False).wait_for()
    expect(screen.page.get_by_role("button", name="Inschakelen")).to_have_count(0)
    screen.follow("Pas dit aan")
    screen.page.get_by_label("Geheim", exact=True).fill(town.provider.secret)
    screen.press("Opslaan")
    expect(screen.page.get_by_role("button", name="Inschakelen")).to_have_count(0)
    screen.open(here(town))
    screen.press("Proefinloggen")  # the person is still signed in there
    switch_on(screen)


@pytest.mark.parametrize("kind", ["RSA, 3072 bits", "EC, P-256"])
def test_key_pair_takes_the_place_of_the_secret(
    screen: Screen, town: Agreement, boss: User, registered: dict[str, object], kind: str
) -> None:
    anna, _ = town.employee("Anna Jansen")
    fill_in_provider(screen, town, "")
    screen.follow("Sleutelpaar")
    screen.page.get_by_label(kind, exact=False).check()
    screen.press("Maak een sleutelpaar")
    screen.page.get_by_text("De openbare sleutel als JWK").click()
    public = json.loads(screen.page.locator("#jwk").inner_text())
    assert "d" not in public["keys"][0]
    del registered["client_secret"]
    registered |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": public}
    town.provider.restart()
    screen.press("Neem dit sleutelpaar in gebruik")
    try_it(screen, town, anna)
    screen.page.get_by_text("De aanbieder en het portaal begrijpen elkaar.").wait_for()
    town.change(vouching="amr", vouching_value="mfa")
    switch_on(screen)
    screen.press("Uitloggen")
    town.go_there(screen)  # where Anna is still signed in, from the test
    screen.heading("Mijn Omgevingen")


def test_outage_is_seen_on_the_page_of_the_administrator(
    screen: Screen, elsewhere: object, town: Agreement, boss: User, stopped: object
) -> None:
    fill_in_provider(screen, town, town.provider.secret)
    town.change(enabled=True)
    stopped(town.provider)
    visitor = elsewhere()
    town.go_there(visitor)
    visitor.heading("Inloggen is niet gelukt")
    screen.open(here(town))
    screen.page.get_by_text("De aanbieder gaf geen antwoord, of niet op tijd.", exact=False).wait_for()
