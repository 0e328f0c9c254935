"""The way through the portal that the manual describes, and a picture of each step.

`make screenshots` takes the pictures and notes the words in them; `test_manual` walks the same way and
compares the words. What differs from one run to the next (codes, times) is replaced before either looks.
"""

from __future__ import annotations

import io
import json
import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.cache import cache
from django.test import override_settings
from django.utils.translation import gettext, override
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator, Passkey, RecoveryCodeSet
from assetmaps.manual import PICTURES
from tests.browser import out_of_band
from tests.browser.screen import Phone, Screen
from tests.browser.virtual_authenticator import Device
from tests.factories import PASSWORD

VIEWPORT = {"width": 420, "height": 900}  # as narrow as the bar at the top keeps its logo
DESK = {"width": 680, "height": 900}  # wide enough for the QR code beside its code
LANGUAGES = ("nl", "en")
NAMES = {"nl": "Nederlands", "en": "English"}
MARGIN = 14  # CSS pixels around what is shown
QUALITY = 50
LIST = PICTURES / "pictures.json"

# Marks what to press, in a colour that stands out in light and dark; not by colour alone: it is a ring.
NO_RING = "it => { it.style.outline = 'none'; }"  # the next picture may show it too
RING = "it => Object.assign(it.style, {outline: '4px solid #e8590c', outlineOffset: '4px', borderRadius: '8px'})"

# Without telling the page: six digits that are typed go on at once.
SHOW_CODE = "field => { field.value = '123 456'; }"

# Times, codes and the QR code differ each time, and nobody may take those of a picture for their own.
VOID = """picture => {
    for (const code of document.querySelectorAll("#codes code")) code.textContent = "ABCD-1234-EFGH-5678";
    for (const image of document.querySelectorAll(".qr img")) image.src = picture;
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\\b\\d\\d:\\d\\d\\b/g, "14:10");
}"""

# The words whose letters lie inside the frame, and what is typed in its fields (never a password).
WORDS = """frame => {
    const inside = box => box.width > 2 && box.left < frame.x + frame.width && box.right > frame.x
        && box.top + box.height / 2 > frame.y && box.bottom - box.height / 2 < frame.y + frame.height;
    const words = [], range = document.createRange();
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    while (nodes.nextNode()) {
        const node = nodes.currentNode;
        if (node.nodeType === Node.TEXT_NODE) {
            if (!node.parentElement.checkVisibility() || node.parentElement.closest("script, .unseen, .skip")) continue;
            range.selectNodeContents(node);
            if ([...range.getClientRects()].some(inside)) words.push(node.data);
        } else if (node.matches("input:not([type=password], [type=hidden])") && inside(node.getBoundingClientRect())) {
            words.push(node.value);
        }
    }
    return words.join(" ").replace(/\\s+/g, " ").trim();
}"""


@dataclass(frozen=True)
class Step:
    """``parts``: what the picture holds, from the top of the first to the foot of the last; ``ring``: what to press."""

    name: str
    parts: tuple[Locator, ...]
    ring: Locator


def walk(screen: Screen, person: User, language: str) -> Iterator[Step]:
    """From signing in to signing in with a code. Presses only what the manual says, by the words on the screen."""

    def word(text: str) -> str:
        with override(language):
            return gettext(text)

    def button(text: str) -> Locator:
        return page.locator("main").get_by_role("button", name=word(text), exact=True)

    page = screen.page
    as_new(person, language)
    _sign_in_page(screen, language)
    email = page.get_by_label(word("E-mail address"))
    email.fill(person.email)
    page.get_by_label(word("Password"), exact=True).fill(PASSWORD)
    title = page.locator("main h1")
    yield Step("sign_in", (title, button("Sign in")), button("Sign in"))
    button("Sign in").click()
    expect(title).to_have_text(word("My Environments"))
    gear = page.get_by_role("banner").get_by_role("link", name=word("Personal Details"))
    yield Step("gear", (page.get_by_role("banner"), title), gear)
    gear.click()
    activate = button("Activate Two-Step Authentication")
    yield Step("activate", (title, activate), activate)
    page.set_viewport_size(DESK)
    activate.click()
    square = page.get_by_role("img", name=word("QR code for your authenticator app"))
    expect(square).to_be_visible()
    phone = Phone.scan(page)  # before a picture is taken, which makes the square worthless
    code = page.get_by_label(word("6-digit code"))
    card = page.locator(".scan")
    yield Step("scan", (card,), square)
    code.evaluate(SHOW_CODE)
    yield Step("code", (card,), code)
    page.set_viewport_size(VIEWPORT)
    code.fill(phone.unused())  # goes on by itself
    codes = page.get_by_role("region", name=word("Your recovery codes for Mijn Assetmaps"))
    keep = codes.get_by_role("link", name=word("Download"))
    copy = codes.get_by_role("button", name=word("Copy"))
    expect(copy).to_be_visible()
    yield Step("recovery_codes", (codes.get_by_role("list"), copy), keep)
    out_of_band.let_codes_be_new(person)
    _give_password(screen, person, language, word)
    expect(title).to_have_text(word("Verification code"))
    code.evaluate(SHOW_CODE)
    yield Step("challenge", (title, button("Confirm")), code)
    yield from _with_passkey(screen, person, language, word, button)


def _with_passkey(
    screen: Screen, person: User, language: str, word: Callable[[str], str], button: Callable[[str], Locator]
) -> Iterator[Step]:
    """The part about passkeys, of somebody who has no app. The device is Chromium's virtual one."""
    # A passkey belongs to the address at which it was made.
    with override_settings(PUBLIC_URL=screen.portal):
        page = screen.page
        title = page.locator("main h1")
        device = Device(page)
        as_new(person, language)
        _give_password(screen, person, language, word)
        screen.open("/persoonlijke-gegevens/")
        section = page.get_by_role("region", name=word("Sign in with fingerprint, face or PIN"))
        begin = section.get_by_role("link", name=word("Set it up on this device"))
        yield Step("passkey_section", (section,), begin)
        begin.click()
        make = button("Make a passkey")
        yield Step("passkey_add", (title, make), make)
        make.click()
        page.wait_for_url(lambda address: "/passkeys/" not in address)
        device.be_touched(False)  # else the page to sign in does so by itself
        _give_password(screen, person, language, word)
        expect(title).to_have_text(word("Use your passkey"))
        use = button("Use your passkey")
        yield Step("passkey_challenge", (title, use), use)
        page.context.clear_cookies()
        device.be_lost()


def _give_password(screen: Screen, person: User, language: str, word: Callable[[str], str]) -> None:
    _sign_in_page(screen, language)
    screen.page.get_by_label(word("E-mail address")).fill(person.email)
    screen.page.get_by_label(word("Password"), exact=True).fill(PASSWORD)
    screen.page.locator("main").get_by_role("button", name=word("Sign in"), exact=True).click()


def as_new(person: User, language: str) -> None:
    User.objects.filter(pk=person.pk).update(language=language)
    Authenticator.objects.filter(user=person).delete()
    Passkey.objects.filter(user=person).delete()
    RecoveryCodeSet.objects.filter(user=person).delete()
    AttemptCounter.objects.all().delete()
    cache.clear()


def _sign_in_page(screen: Screen, language: str) -> None:
    screen.page.context.clear_cookies()
    screen.open("/inloggen/")
    other = screen.page.get_by_role("button", name=NAMES[language], exact=True)
    if other.count():
        other.click()
    expect(screen.page.locator("html")).to_have_attribute("lang", language)


def frame(page: Page, step: Step) -> dict[str, float]:
    """Where the picture is on the page, in CSS pixels, after everything that differs was replaced."""
    page.evaluate(VOID, void_qr())
    page.evaluate("scrollTo(0, 0)")
    boxes = [box for part in step.parts if (box := part.bounding_box())]
    assert len(boxes) == len(step.parts), f"{step.name}: a part of the picture is not on the screen"
    top, foot = min(box["y"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
    top, foot = max(0, top - MARGIN), foot + MARGIN
    return {"x": 0, "y": int(top), "width": page.viewport_size["width"], "height": int(foot) - int(top)}


def words(page: Page, place: dict[str, float]) -> str:
    return page.evaluate(WORDS, place)


def take(screen: Screen, person: User, language: str) -> dict[str, dict[str, object]]:
    """Take every picture, and return what the list says about them."""
    page, made = screen.page, {}
    folder = PICTURES / language
    folder.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size(VIEWPORT)
    for step in walk(screen, person, language):
        place = frame(page, step)
        made[step.name] = {"width": place["width"], "height": place["height"], "words": words(page, place)}
        step.ring.evaluate(RING)
        page.evaluate("document.activeElement.blur()")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            shot = page.screenshot(full_page=True, clip=place, animations="disabled")
            picture = Image.open(io.BytesIO(shot)).convert("RGB")
            picture.save(folder / f"{step.name}-{scheme}.webp", quality=QUALITY, method=6)
        page.emulate_media(color_scheme="light")
        step.ring.evaluate(NO_RING)
    return made


def take_all(person: User, new_screen: Callable[[], Screen]) -> None:
    """All pictures in every language, and the list beside them."""
    made = {language: take(new_screen(), person, language) for language in LANGUAGES}
    LIST.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def void_qr() -> str:
    """Something that looks like a QR code and is none: noise, without the marks and the lines by which a reader finds
    one, and blurred. It is made of nothing: no secret has gone into it. A PNG as data URI."""
    noise, size = random.Random("manual"), 41
    picture = Image.new("L", (size + 8, size + 8), 255)
    for x in range(size):
        for y in range(size):
            picture.putpixel((x + 4, y + 4), 255 * noise.randint(0, 1))
    draw = ImageDraw.Draw(picture)
    for x, y in ((4, 4), (4 + size - 7, 4), (4, 4 + size - 7)):
        draw.rectangle((x - 1, y - 1, x + 7, y + 7), fill=255)
        draw.rectangle((x, y, x + 6, y + 6), outline=0)
        draw.line((x + 1, y + 1, x + 5, y + 5), fill=0, width=2)
    picture = picture.resize((picture.width * 8, picture.height * 8), Image.Resampling.NEAREST)
    picture = picture.filter(ImageFilter.GaussianBlur(5))
    draw = ImageDraw.Draw(picture)
    for shift in range(2):
        draw.line((40 * shift, 0, picture.width, picture.height - 40 * shift), fill=255, width=14)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + b64encode(buffer.getvalue()).decode("ascii")
