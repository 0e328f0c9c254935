"""Somebody's own few colours (forced colours) leave every sign to be seen; who wants no movement gets none."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from accounts.models import User
from tests.browser import findings
from tests.browser.page_tour import EMPLOYEE
from tests.browser.screen import SET_UP, Phone, Screen
from tests.factories import EnvironmentFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RING = 7  # pixels around a control in which its ring lies
SEEN = 3.0  # the contrast of what is not text (WCAG 2.2, 1.4.11)


@pytest.fixture(params=["light", "dark"])
def forced(request: pytest.FixtureRequest, screen: Screen) -> Screen:
    screen.page.emulate_media(forced_colors="active", color_scheme=request.param, reduced_motion="reduce")
    return screen


def picture(screen: Screen, of: Locator, around: int = 0) -> Image.Image:
    of.scroll_into_view_if_needed()
    box = of.bounding_box()
    assert box
    clip = {
        "x": box["x"] - around,
        "y": box["y"] - around,
        "width": box["width"] + 2 * around,
        "height": box["height"] + 2 * around,
    }
    return Image.open(io.BytesIO(screen.page.screenshot(clip=clip, animations="disabled", caret="hide"))).convert("RGB")


def luminance(colour: tuple[int, int, int]) -> float:
    parts = [part / 255 / 12.92 if part < 11 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def changed(before: Image.Image, after: Image.Image) -> int:
    """How many pixels differ so much that one sees it."""
    assert before.size == after.size
    pairs = zip(before.get_flattened_data(), after.get_flattened_data(), strict=True)
    return sum(contrast(one, other) >= SEEN for one, other in pairs if one != other)


def stands_out(image: Image.Image) -> int:
    """How many pixels can be seen against the colour that most of them have."""
    colours = Counter(image.get_flattened_data())
    ground = colours.most_common(1)[0][0]
    return sum(number for colour, number in colours.items() if contrast(colour, ground) >= SEEN)


def has_border(screen: Screen, of: Locator) -> bool:
    """Each edge of the box is a line that stands out against the ground outside of it."""
    image = picture(screen, of, around=3)
    width, height = image.size
    across = [image.getpixel((width // 2, y)) for y in (0, *range(2, 7))]
    down = [image.getpixel((x, height // 2)) for x in (0, *range(2, 7))]
    return all(any(contrast(line[0], each) >= SEEN for each in line[1:]) for line in (across, down))


def ring(screen: Screen, of: Locator) -> int:
    screen.page.evaluate("document.activeElement.blur()")
    before = picture(screen, of, RING)
    screen.page.keyboard.press("Shift")  # the ring is for who uses keys
    of.focus()
    return changed(before, picture(screen, of, RING))


def test_focus_has_a_ring(forced: Screen, employee: User) -> None:
    forced.open("/inloggen/")
    forced.page.wait_for_load_state()
    for control in (forced.field("E-mailadres"), forced.button("Inloggen"), forced.text("Wachtwoord vergeten?")):
        box = control.bounding_box()
        assert box
        assert ring(forced, control) > box["width"] + box["height"], f"no ring around {control}"
    forced.open_signed_in(EMPLOYEE)
    forced.page.wait_for_load_state()
    tile = forced.page.get_by_role("link", name="Bomen en groen")
    for control in (forced.gear, tile, forced.button("Favoriet", exact=False)):
        box = control.bounding_box()
        assert box
        assert ring(forced, control) > box["width"] + box["height"], f"no ring around {control}"


def test_pressed_star_is_another_than_one_that_is_not(forced: Screen, employee: User) -> None:
    EnvironmentFactory(name="Riolering", people=[employee])
    forced.open_signed_in(EMPLOYEE)
    forced.page.wait_for_load_state()
    star = forced.button("Favoriet: Riolering")
    expect(star).to_have_attribute("aria-pressed", "false")
    assert stands_out(picture(forced, star)) > 40
    forced.page.mouse.move(0, 0)
    before = picture(forced, star)
    star.evaluate("it => it.setAttribute('aria-pressed', 'true')")
    assert changed(before, picture(forced, star)) > 60


def test_error_badge_and_card_are_seen_without_their_grounds(forced: Screen, employee: User) -> None:
    forced.give_password(EMPLOYEE, "een fout wachtwoord")
    error = forced.page.get_by_role("alert")
    assert has_border(forced, error)
    assert stands_out(picture(forced, error)) > 200
    forced.open_signed_in(EMPLOYEE)
    forced.open("/persoonlijke-gegevens/")
    badge = forced.page.locator(".badge")
    assert has_border(forced, badge)
    assert stands_out(picture(forced, badge)) > 40
    assert has_border(forced, forced.button("Opslaan"))


def test_wrong_field_has_a_thicker_border_than_the_others(forced: Screen) -> None:
    forced.give_password("", "iets")
    thick = "it => parseFloat(getComputedStyle(it).borderTopWidth)"
    wrong, right = (forced.field(label, exact=True) for label in ("E-mailadres", "Wachtwoord"))
    assert wrong.evaluate(thick) > right.evaluate(thick) > 0


def test_qr_code_is_seen(forced: Screen, employee: User) -> None:
    forced.open_signed_in(EMPLOYEE)
    forced.begin_set_up()
    assert Phone.scan(forced.page).uri.startswith("otpauth://totp/")
    code = picture(forced, forced.page.locator(".qr img"))
    assert code.getpixel((6, code.height // 2)) == (255, 255, 255)  # black on white, also where the page is black
    assert (0, 0, 0) in set(code.get_flattened_data())


def test_difference_between_pictures_can_be_none() -> None:
    """Otherwise the tests above could not fail."""
    grey, same, black = (Image.new("RGB", (4, 4), colour) for colour in ("#777777", "#787878", "#000000"))
    assert changed(grey, same) == 0
    assert changed(grey, black) == 16
    assert stands_out(grey) == 0


def test_nothing_moves_for_who_wants_no_movement(screen: Screen, employee: User) -> None:
    screen.page.emulate_media(reduced_motion="reduce")
    for address in ("/inloggen/", "/hulp/twee-staps-authenticatie/"):
        screen.open(address)
        assert findings.motion(screen.page) == []
    screen.open_signed_in(EMPLOYEE)
    for address in ("/", "/persoonlijke-gegevens/", SET_UP):
        screen.open(address)
        assert findings.motion(screen.page) == []
        assert screen.page.evaluate("document.getAnimations().length") == 0
    screen.page.emulate_media(reduced_motion="no-preference")
    screen.open("/")
    assert findings.motion(screen.page) != [], "there is movement to be left out, or this test could not fail"
