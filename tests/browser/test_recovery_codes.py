"""The ten recovery codes, as a person gets them: on the screen, in a file, on the clipboard and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts import limits
from accounts.models import User
from tests.browser import out_of_band
from tests.browser.page_tour import EMPLOYEE
from tests.browser.screen import CODES_HEADING, Screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

READABLE = re.compile(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}")


@pytest.fixture
def codes(screen: Screen, employee: User) -> list[str]:
    """The codes on the page where the activation ends, which is open."""
    screen.open_signed_in(EMPLOYEE)
    screen.activate()
    return screen.recovery_codes


def test_activation_shows_ten_codes_until_they_are_kept(screen: Screen, codes: list[str]) -> None:
    assert len(set(codes)) == limits.RECOVERY_CODES == 10
    assert all(READABLE.fullmatch(code) for code in codes)
    screen.page.reload()
    assert screen.recovery_codes == codes
    screen.open("/")
    screen.page.go_back()
    assert screen.recovery_codes == codes
    tab = Screen(screen.page.context.new_page(), screen.portal)
    tab.open("/persoonlijke-gegevens/herstelcodes/")
    assert tab.recovery_codes == codes
    tab.press("Ik heb ze bewaard")
    tab.heading("Mijn Omgevingen")
    screen.page.reload()
    screen.says("Je hebt nog 10 herstelcodes over.")
    assert not any(code in screen.page.content() for code in codes)
    screen.page.go_back()
    assert screen.recovery_codes == []


def test_first_screen_has_the_codes_and_on_a_laptop_the_button_that_ends_it(screen: Screen, codes: list[str]) -> None:
    screen.page.set_viewport_size({"width": 1280, "height": 720})
    expect(screen.button("Ik heb ze bewaard")).to_be_in_viewport(ratio=1)
    screen.page.set_viewport_size({"width": 360, "height": 740})
    expect(screen.page.get_by_text(codes[0])).to_be_in_viewport(ratio=1)


def test_download_is_a_text_file_with_the_ten_codes(screen: Screen, codes: list[str]) -> None:
    with screen.page.expect_download() as download:
        screen.follow("Downloaden")
    assert download.value.suggested_filename == "herstelcodes-assetmaps.txt"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if READABLE.fullmatch(line)] == codes
    assert EMPLOYEE not in text


def test_copy_button_puts_the_ten_codes_on_the_clipboard(screen: Screen, codes: list[str]) -> None:
    screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.press("Kopiëren")
    expect(screen.page.get_by_role("button", name="Gekopieerd")).to_be_visible()
    assert screen.page.evaluate("navigator.clipboard.readText()").split() == codes


def test_sheet_of_paper_has_the_codes_and_how_they_are_used_but_not_whose_because_sheets_get_lost(
    screen: Screen, employee: User, codes: list[str]
) -> None:
    screen.page.emulate_media(media="print")
    on_paper = [line.strip() for line in screen.page.locator("body").inner_text().splitlines() if line.strip()]
    title, *rest = on_paper
    assert title == "Je herstelcodes voor Mijn Assetmaps"
    assert rest[:10] == codes
    assert [words.split(" ")[0] for words in rest[10:]] == ["Gemaakt", "Log", "Elke"]
    assert EMPLOYEE not in " ".join(on_paper)
    white = "getComputedStyle(document.body).backgroundColor"
    screen.page.emulate_media(media="print", color_scheme="dark")
    assert screen.page.evaluate(white) == "rgb(255, 255, 255)", "dark mode would print a black sheet"


def test_print_button_prints(screen: Screen, codes: list[str]) -> None:
    screen.page.evaluate("window.print = () => { window.printed = true; }")
    screen.press("Afdrukken")
    assert screen.page.evaluate("window.printed")


def test_new_set_stands_in_place_of_the_old_one_and_asks_for_proof_first(
    screen: Screen, employee: User, codes: list[str]
) -> None:
    screen.press("Ik heb ze bewaard")
    screen.open("/persoonlijke-gegevens/herstelcodes/")
    out_of_band.let_proof_grow_old(screen)
    screen.press("Maak nieuwe herstelcodes")
    screen.confirm_identity(code=codes[0].lower().replace("-", " "))
    screen.heading(CODES_HEADING)
    fresh = screen.recovery_codes
    assert len(set(fresh)) == 10
    assert not set(fresh) & set(codes)
    screen.sign_out()
    screen.give_password(EMPLOYEE)
    screen.follow("Gebruik een herstelcode")
    for code, then in ((codes[1], "Herstelcode"), (fresh[1], "Nieuwe telefoon koppelen?")):
        screen.page.get_by_label("Herstelcode").fill(code)
        screen.press("Bevestigen")
        screen.heading(then)


def test_codes_can_be_downloaded_without_javascript(screen: Screen, employee: User, elsewhere: object) -> None:
    plain = elsewhere(java_script_enabled=False)
    plain.open_signed_in(EMPLOYEE)
    plain.activate()
    with plain.page.expect_download() as download:
        plain.follow("Downloaden")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert all(code in text for code in plain.recovery_codes)
    expect(plain.page.get_by_role("button", name="Kopiëren")).to_be_hidden()


OVER_THE_EDGE = """() => {
    const edge = document.querySelector("#codes").getBoundingClientRect().right;
    const codes = [...document.querySelectorAll("#codes code")].map(code => code.getBoundingClientRect());
    const covered = codes.filter(one => codes.some(other => one.top < other.bottom && other.top < one.bottom
        && one.left < other.left && other.left < one.right));
    return covered.length + codes.filter(code => code.right > edge).length;
}"""


def test_no_code_lies_over_another_at_any_width_because_each_must_be_read(screen: Screen, codes: list[str]) -> None:
    for width in (320, 420, 520, 640, 1280):
        screen.page.set_viewport_size({"width": width, "height": 900})
        assert screen.page.evaluate(OVER_THE_EDGE) == 0, width
