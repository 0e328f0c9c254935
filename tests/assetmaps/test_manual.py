"""The manual at /hulp/: its anchors, the links to them, its pictures and its squares."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.utils.translation import gettext, override
from PIL import Image

from assetmaps import manual

pytestmark = pytest.mark.django_db

HELP = "/hulp/twee-staps-authenticatie/"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
PROMISED = {
    "app-installeren",
    "qr-code-scannen",
    "code-typen",
    "code-geweigerd",
    "nieuwe-telefoon",
    "telefoon-kwijt",
    "klok",
    "geen-telefoon",
    "zakelijk-account",
    "herstelcodes",
    "passkey",
}
NAMED = (
    "My Environments",
    "Personal Details",
    "Activate Two-Step Authentication",
    "Open the app",
    "Cannot scan?",
    "Give me more time",
    "Confirm",
    "I have kept them",
    "Recovery codes",
    "Make new recovery codes",
    "Use a recovery code",
    "Phone lost?",
    "Device lost?",
    "Set it up on this device",
    "Make a passkey",
    "Use your passkey",
    "Use the code from your app",
    "Ask support for help",
    "New phone",
    "Add another device",
    "Security activity",
    "Active sessions",
    "Sign in with your business account",
    "Forgot your password?",
)
BYTES = 25 * 1024  # a picture, so that the whole manual stays quick on a slow line


def page(client: Client, language: str) -> str:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    text = client.get(HELP).content.decode()
    assert f'<html lang="{language}">' in text
    return text


def anchors(text: str) -> list[str]:
    return re.findall(r'\sid="([^"]+)"', text)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_anchors_that_other_pages_lead_to_are_there_in_every_language(client: Client, language: str) -> None:
    there = anchors(page(client, language))
    assert set(there) >= PROMISED
    assert len(there) == len(set(there)), "an id twice"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_links_within_the_manual_lead_somewhere(client: Client, language: str) -> None:
    text = page(client, language)
    led_to = set(re.findall(r'href="#([^"]+)"', text))
    assert led_to >= PROMISED
    assert led_to <= set(anchors(text))


def test_every_link_of_a_template_to_an_anchor_of_the_manual_leads_somewhere(client: Client) -> None:
    there = set(anchors(page(client, "nl")))
    link = re.compile(r"""\{% url ['"]help_two_factor['"] %\}#([\w-]+)""")
    linked = {(path.name, anchor) for path in TEMPLATES.rglob("*.html") for anchor in link.findall(path.read_text())}
    assert linked
    assert {(name, anchor) for name, anchor in linked if anchor not in there} == set()


def test_every_step_has_its_pictures_in_every_language_and_they_have_the_size_that_the_page_says() -> None:
    listed = json.loads((manual.PICTURES / "pictures.json").read_text())
    assert set(listed) == {code for code, _name in settings.LANGUAGES}
    assert set(listed["nl"]) == set(listed["en"])
    for language in listed:
        for name, shot in manual.screenshots(language).items():
            for path in (shot.light, shot.dark):
                with Image.open(Path(settings.BASE_DIR) / "static" / path) as picture:
                    ratio = picture.width / picture.height
                assert ratio == pytest.approx(shot.width / shot.height, rel=0.01), f"{language} {name}"


def test_no_picture_of_the_manual_can_be_scanned_because_its_account_would_be_of_no_use() -> None:
    files = sorted(manual.PICTURES.rglob("*.webp"))
    assert len(files) == 2 * 2 * len(manual.screenshots("nl"))
    for path in files:
        with Image.open(path) as picture:
            for factor in (0.5, 1, 2):
                size = (round(picture.width * factor), round(picture.height * factor))
                assert zxingcpp.read_barcodes(picture.convert("L").resize(size)) == [], path


def test_no_picture_is_so_large_that_a_slow_line_waits_for_it() -> None:
    sizes = {path.name: path.stat().st_size for path in manual.PICTURES.rglob("*.webp")}
    assert {name: size for name, size in sizes.items() if size > BYTES} == {}


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", NAMED)
def test_words_that_the_manual_tells_to_look_for_are_on_a_screen(client: Client, language: str, name: str) -> None:
    screens = [path for path in TEMPLATES.rglob("*.html") if "help" not in path.relative_to(TEMPLATES).parts[0]]
    texts = {text for path in screens for text in re.findall(r"""translate ["'](.+?)["'] ?%}""", path.read_text())}
    labels = {text for text in texts if text == name or text.startswith(f"{name}, ")}
    assert labels, "no screen says it any more"
    told = html.unescape(page(client, language))
    with override(language):
        assert any(gettext(label).split(", ")[0] in told or gettext(label) in told for label in labels)
