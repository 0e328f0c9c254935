"""Mijn Omgevingen at the screen: finding, arrows, the star, maintenance, the notice, with JavaScript and without."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Route, expect

from accounts.active_sessions.models import Session
from accounts.audit.origin import Origin
from accounts.models import User
from environments.administration import flows as upkeep
from environments.models import Access, Environment
from tests.browser.conftest import Watch
from tests.browser.page_tour import EMPLOYEE
from tests.browser.screen import Screen
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAMES = ["Bomen", "Bruggen", "Écluse", "Lampen", "Riolering", "Speelplekken", "Wegen"]
HELP = "/hulp/twee-staps-authenticatie/"  # stands in for an environment, which no test reaches


@pytest.fixture
def person(screen: Screen) -> User:
    person = UserFactory(email=EMPLOYEE)
    organisation = OrganisationFactory(name="Gemeente Voorbeeld")
    for name in NAMES:
        facts = {"slug": name.lower().replace("é", "e"), "address": f"{screen.portal}{HELP}"}
        EnvironmentFactory(name=name, organisation=organisation, people=[person], **facts)
    screen.open_signed_in(EMPLOYEE)
    screen.page.wait_for_load_state()  # hands are faster than scripts on a busy machine
    return person


@pytest.fixture
def plain(screen: Screen, person: User, browser: Browser) -> Iterator[Screen]:
    """The same person in a browser without JavaScript."""
    with browser.new_context(java_script_enabled=False, locale="nl-NL") as context:
        other = Screen(context.new_page(), screen.portal)
        other.page.set_default_timeout(10_000)
        other.open_signed_in(EMPLOYEE)
        yield other


def shown(screen: Screen) -> Locator:
    return screen.page.locator(".tile__name")


def search(screen: Screen) -> Locator:
    return screen.page.get_by_label("Zoek een omgeving")


def tile(screen: Screen, name: str) -> Locator:
    return screen.page.get_by_role("link", name=name)


def star(screen: Screen, name: str) -> Locator:
    return screen.page.get_by_role("button", name=f"Favoriet: {name}")


def until_saved(screen: Screen, *names: str) -> None:
    """Wait until the portal knows these favourites and no others."""
    for _moment in range(100):
        favourites = Access.objects.filter(is_favourite=True).order_by("environment__name")
        if [access.environment.name for access in favourites] == list(names):
            return
        screen.page.wait_for_timeout(50)
    raise AssertionError(f"{names} were not saved")


def test_list_follows_what_is_typed_and_says_how_many(screen: Screen, person: User) -> None:
    expect(shown(screen)).to_have_text(NAMES)
    search(screen).press_sequentially("ECLU", delay=30)
    expect(shown(screen)).to_have_text(["Écluse"])
    expect(screen.page.locator("#content").get_by_role("status")).to_have_text("1 omgeving gevonden")
    assert screen.address == "/?zoek=ECLU"
    expect(search(screen)).to_be_focused()
    search(screen).press("Escape")
    expect(shown(screen)).to_have_text(NAMES)
    expect(search(screen)).to_have_value("")
    assert screen.address == "/"


def test_enter_opens_the_only_one_found_without_waiting(screen: Screen, person: User) -> None:
    screen.page.keyboard.press("/")
    screen.page.keyboard.type("riol")
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(f"**{HELP}")
    screen.page.go_back()
    expect(shown(screen)).to_have_text(["Riolering"])


def test_enter_with_several_goes_to_the_first_and_opens_nothing(screen: Screen, person: User) -> None:
    search(screen).fill("b")
    search(screen).press("Enter")
    expect(tile(screen, "Bomen")).to_be_focused()
    screen.heading("Mijn Omgevingen")


def test_who_finds_nothing_clears_the_search_with_one_press(screen: Screen, person: User) -> None:
    search(screen).fill("xyz")
    screen.says("Niets gevonden")
    expect(screen.page.locator("#content").get_by_role("status")).to_have_text("Niets gevonden")
    screen.follow("Wis zoekopdracht")
    expect(shown(screen)).to_have_text(NAMES)
    expect(search(screen)).to_be_focused()


def test_fast_typing_shows_the_answer_to_the_last_letter(screen: Screen, person: User) -> None:
    def late(route: Route) -> None:
        answer = route.fetch()
        screen.page.wait_for_timeout(400)
        route.fulfill(response=answer)

    screen.page.route("**/?zoek=b", late)
    search(screen).fill("b")
    screen.page.wait_for_timeout(200)
    search(screen).fill("wegen")
    expect(shown(screen)).to_have_text(["Wegen"])
    screen.page.wait_for_timeout(600)
    expect(shown(screen)).to_have_text(["Wegen"])


def test_arrows_follow_the_tiles_as_they_lie_on_the_screen(screen: Screen, person: User) -> None:
    press = screen.page.keyboard.press
    for width, below in ((1280, "Lampen"), (360, "Bruggen")):
        screen.page.set_viewport_size({"width": width, "height": 800})
        search(screen).focus()
        press("ArrowDown")
        expect(tile(screen, "Bomen")).to_be_focused()
        press("ArrowDown")
        expect(tile(screen, below)).to_be_focused()
        press("ArrowUp")
        expect(tile(screen, "Bomen")).to_be_focused()
        press("ArrowRight")
        expect(tile(screen, "Bruggen")).to_be_focused()
        press("ArrowLeft")
        press("ArrowLeft")
        expect(tile(screen, "Bomen")).to_be_focused()
        press("End")
        expect(tile(screen, "Wegen")).to_be_focused()
        press("ArrowDown")
        press("ArrowRight")
        expect(tile(screen, "Wegen")).to_be_focused()
        press("Home")
        press("ArrowUp")
        expect(search(screen)).to_be_focused()
    press("ArrowDown")
    press("Enter")
    screen.page.wait_for_url(f"**{HELP}")


def test_escape_on_a_tile_clears_the_search_too(screen: Screen, person: User) -> None:
    search(screen).fill("weg")
    expect(shown(screen)).to_have_text(["Wegen"])
    search(screen).press("ArrowDown")
    screen.page.keyboard.press("Escape")
    expect(shown(screen)).to_have_text(NAMES)
    expect(search(screen)).to_be_focused()


def test_slash_is_a_letter_in_a_field_and_can_be_switched_off(screen: Screen, person: User) -> None:
    screen.page.keyboard.press("/")
    expect(search(screen)).to_be_focused()
    screen.page.keyboard.press("/")
    expect(search(screen)).to_have_value("/")
    screen.open("/")
    screen.page.get_by_text("Sneller met het toetsenbord").click()
    screen.press("Zet de toets / uit")
    screen.page.keyboard.press("/")
    expect(search(screen)).not_to_be_focused()


def test_touch_screen_shows_no_keys(screen: Screen, person: User, elsewhere: Callable[..., Screen]) -> None:
    phone = elsewhere(has_touch=True, is_mobile=True)
    phone.open_signed_in(EMPLOYEE)
    keys = "Sneller met het toetsenbord"
    expect(phone.text(keys)).to_be_hidden()
    expect(screen.text(keys)).to_be_visible()


def test_machine_without_a_mouse_shows_the_keys(screen: Screen, person: User) -> None:
    machine = screen.page.context.new_cdp_session(screen.page)
    machine.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert screen.page.evaluate("matchMedia('(pointer: none)').matches")
    expect(screen.text("Sneller met het toetsenbord")).to_be_visible()


def test_star_changes_where_it_is_and_stands_on_top_at_the_next_visit(screen: Screen, person: User) -> None:
    screen.page.evaluate("document.title = 'dezelfde pagina'")
    star(screen, "Wegen").click()
    expect(star(screen, "Wegen")).to_have_attribute("aria-pressed", "true")
    star(screen, "Bomen").click()
    expect(star(screen, "Bomen")).to_have_attribute("aria-pressed", "true")
    star(screen, "Bomen").click()
    expect(star(screen, "Bomen")).to_have_attribute("aria-pressed", "false")
    assert screen.page.title() == "dezelfde pagina"
    expect(shown(screen)).to_have_text(NAMES)
    until_saved(screen, "Wegen")
    screen.open("/")
    expect(shown(screen)).to_have_text(["Wegen", *NAMES[:-1]])
    expect(screen.page.get_by_role("heading", level=2)).to_have_text(["Favorieten", "Andere omgevingen"])


def test_star_that_is_pressed_again_before_the_answer_ends_as_it_shows(screen: Screen, person: User) -> None:
    def late(route: Route) -> None:
        screen.page.wait_for_timeout(300)
        route.continue_()

    screen.page.route("**/favoriet/", late)
    for _press in range(3):
        star(screen, "Wegen").click(no_wait_after=True)
    expect(star(screen, "Wegen")).to_have_attribute("aria-pressed", "true")
    screen.page.wait_for_timeout(1500)  # three answers of 300 milliseconds, and room for one too many
    until_saved(screen, "Wegen")
    star(screen, "Wegen").click()
    until_saved(screen)


def test_what_was_typed_before_the_script_was_there_is_searched_too(screen: Screen, person: User) -> None:
    def late(route: Route) -> None:
        search(screen).fill("weg")
        route.continue_()

    screen.page.route("**/find-environment*.js", late)
    screen.page.goto(f"{screen.portal}/", wait_until="commit")
    expect(shown(screen)).to_have_text(["Wegen"])


def test_star_goes_by_keyboard_and_is_seen(screen: Screen, person: User) -> None:
    tile(screen, "Bomen").focus()
    screen.page.keyboard.press("Tab")
    expect(star(screen, "Bomen")).to_be_focused()
    screen.page.keyboard.press("Space")
    expect(star(screen, "Bomen")).to_have_attribute("aria-pressed", "true")
    screen.page.keyboard.press("ArrowRight")
    expect(tile(screen, "Bruggen")).to_be_focused()


@pytest.mark.parametrize("what", ["star", "search"])
def test_who_is_signed_out_meanwhile_comes_to_the_sign_in(screen: Screen, person: User, what: str) -> None:
    Session.objects.all().delete()
    if what == "star":
        star(screen, "Wegen").click()
    else:
        search(screen).fill("weg")
    screen.heading("Inloggen")


def test_environment_that_was_taken_away_meanwhile_gives_the_page_that_says_so(
    screen: Screen, person: User, watch: Watch
) -> None:
    Access.objects.filter(environment__name="Wegen").delete()
    star(screen, "Wegen").click()
    screen.page.wait_for_url("**/favoriet/")
    screen.page.get_by_role("heading", level=1).wait_for()
    assert not Access.objects.filter(is_favourite=True).exists()
    assert {fault.partition(" ")[0] for fault in watch.faults} == {"404"}
    watch.faults.clear()


def test_everything_works_without_javascript(plain: Screen) -> None:
    expect(shown(plain)).to_have_text(NAMES)
    search(plain).fill("ecluse")
    plain.press("Zoeken")
    expect(shown(plain)).to_have_text(["Écluse"])
    star(plain, "Écluse").click()
    assert plain.address == "/?zoek=ecluse#omgeving-ecluse"
    expect(star(plain, "Écluse")).to_have_attribute("aria-pressed", "true")
    search(plain).fill("xyz")
    plain.press("Zoeken")
    plain.follow("Wis zoekopdracht")
    expect(shown(plain)).to_have_text(["Écluse", *(name for name in NAMES if name != "Écluse")])
    star(plain, "Écluse").click()
    expect(shown(plain)).to_have_text(NAMES)


def test_pages_work_without_javascript(plain: Screen) -> None:
    person, organisation = User.objects.get(), OrganisationFactory()
    for number in range(60):
        EnvironmentFactory(name=f"Zone {number}", organisation=organisation, people=[person])
    plain.open("/")
    plain.says("67 omgevingen, pagina 1 van 2")
    plain.follow("Volgende pagina")
    plain.says("pagina 2 van 2")
    expect(shown(plain)).to_have_count(7)
    plain.follow("Vorige pagina")
    expect(shown(plain)).to_have_count(60)


def test_closed_environment_says_so_on_its_tile_and_when_opened(screen: Screen, person: User) -> None:
    Environment.objects.filter(slug="wegen").update(is_closed=True, closed_text="Tot 14 uur: nieuwe luchtfoto's.")
    screen.open("/")
    expect(tile(screen, "Wegen")).to_contain_text("Tot 14 uur: nieuwe luchtfoto's.")
    tile(screen, "Wegen").click()
    screen.heading("Dicht voor onderhoud")
    screen.says("Tot 14 uur: nieuwe luchtfoto's.")
    screen.follow("Naar Mijn Omgevingen")
    screen.heading("Mijn Omgevingen")


@pytest.mark.parametrize("scripts", [True, False])
def test_other_domain_is_told_once_and_one_can_go_back(
    screen: Screen, person: User, plain: Screen, watch: Watch, scripts: bool
) -> None:
    Environment.objects.filter(slug="wegen").update(address="https://kaart.voorbeeld.nl/wegen")
    visitor = screen if scripts else plain
    page = "<!doctype html><title>Kaart</title><link rel=icon href=data:,><h1>De kaart</h1>"
    visitor.page.route(
        "https://kaart.voorbeeld.nl/**", lambda route: route.fulfill(body=page, content_type="text/html")
    )
    visitor.open("/")
    tile(visitor, "Wegen").click()
    visitor.heading("Je verlaat Mijn Assetmaps")
    visitor.says("kaart.voorbeeld.nl")
    visitor.page.get_by_role("link", name="Terug", exact=True).click()
    visitor.heading("Mijn Omgevingen")
    tile(visitor, "Wegen").click()
    visitor.press("Ga verder")
    visitor.heading("De kaart")
    visitor.open("/")
    expect(visitor.page.get_by_role("heading", level=2).first).to_have_text("Kort geleden geopend")
    with visitor.page.expect_request("https://kaart.voorbeeld.nl/wegen"):  # a redirect, which `route` may not answer
        tile(visitor, "Wegen").click()
    watch.hosts.discard("kaart.voorbeeld.nl")  # the one host that it may lead to


def test_pictures_come_without_moving_anything(screen: Screen, person: User) -> None:
    for shade, environment in enumerate(Environment.objects.all()):
        file = io.BytesIO()
        Image.new("RGB", (900, 600), (shade * 30, 120, 90)).save(file, "JPEG")
        assert (
            upkeep.set_picture(environment.pk, file.getvalue(), actor=User.objects.first(), origin=Origin())
            is upkeep.Outcome.SAVED
        )
    screen.page.add_init_script(
        """new PerformanceObserver((list) => {
            const moved = Number(document.documentElement.dataset.moved ?? 0);
            const more = list.getEntries().reduce((sum, entry) => sum + entry.value, 0);
            document.documentElement.dataset.moved = moved + more;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    for width in (360, 1280):
        screen.page.set_viewport_size({"width": width, "height": 800})
        screen.open("/")
        screen.page.wait_for_load_state("networkidle")
        first = screen.page.locator("img.tile__picture").first
        assert first.evaluate("picture => picture.complete && picture.naturalWidth > 0")
        assert re.search(r"/(72|144)/$", first.evaluate("picture => picture.currentSrc"))
        search(screen).fill("en")
        expect(shown(screen)).not_to_have_text(NAMES)
        assert float(screen.page.evaluate("document.documentElement.dataset.moved ?? '0'")) < 0.01, width


@pytest.mark.parametrize("width", [360, 640, 1280])
def test_letters_of_twice_the_size_fit(screen: Screen, person: User, width: int) -> None:
    texts = {"closed_text": "W" * 60, "description": "Onderhoudswerkzaamhedenplanning " * 3, "place": "Zee"}
    Environment.objects.filter(slug="wegen").update(is_closed=True, **texts)
    screen.page.set_viewport_size({"width": width, "height": 800})
    screen.open("/")
    screen.page.evaluate("document.documentElement.style.fontSize = '200%'")
    wide = screen.page.evaluate("""() => [...document.querySelectorAll("body *")]
        .filter((it) => it.getBoundingClientRect().right > innerWidth + 1)
        .map((it) => `${it.tagName} ${it.className.baseVal ?? it.className}`)""")
    assert not screen.scrolls_sideways, wide
