"""What is looked for at addresses that others chose: icons, manifest, robots, security contact, changing a password."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from tests.addresses import filled
from tests.factories import UserFactory
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db


def test_icon_is_one_for_browsers_that_look_where_they_always_did(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer["Content-Type"] == "image/x-icon"
    icon = Image.open(io.BytesIO(answer.content))
    assert icon.format == "ICO"
    assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    assert answer["Cache-Control"] == "public, max-age=86400"


def test_manifest_names_the_portal_and_icons_of_the_sizes_it_says(client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    told = json.loads(answer.content)
    assert (told["name"], told["short_name"], told["lang"]) == ("Mijn Assetmaps", "Assetmaps", "nl")
    assert told["start_url"] == told["scope"] == "/"
    assert told["display"] in {"browser", "minimal-ui"}  # never without the host name in sight
    drawn = [icon for icon in told["icons"] if icon["type"] == "image/png"]
    assert {(icon["sizes"], icon.get("purpose", "any")) for icon in drawn} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in drawn:
        width = int(icon["sizes"].split("x")[0])
        assert Image.open(finders.find(icon["src"].removeprefix("/static/"))).size == (width, width)


def test_icon_that_a_phone_cuts_to_its_own_shape_has_no_hole_and_keeps_its_drawing() -> None:
    icon = Image.open(finders.find("img/icon-maskable-512.png")).convert("RGBA")
    ground = icon.getpixel((0, 0))
    assert ground[3] == 255
    drawn = [(x, y) for x in range(0, 512, 4) for y in range(0, 512, 4) if icon.getpixel((x, y))[:3] != ground[:3]]
    assert drawn
    assert all((x - 256) ** 2 + (y - 256) ** 2 <= (0.4 * 512) ** 2 for x, y in drawn)
    touch = Image.open(finders.find("img/apple-touch-icon.png")).convert("RGBA")
    assert touch.size == (180, 180)
    assert touch.getextrema()[3] == (255, 255)  # what is transparent turns black on iOS


def test_every_kind_of_page_has_the_icons_and_a_colour_for_day_and_night(client: Client) -> None:
    staff = signed_in(UserFactory(superuser=True, with_totp=True))
    pages = [client.get("/inloggen/"), client.get("/bestaat-niet/"), staff.get("/"), staff.get("/beheer/")]
    for page in map(text, pages):
        assert re.search(r'<link rel="apple-touch-icon" href="/static/[^"]+\.png">', page)
        colours = re.findall(r'<meta name="theme-color" media="\(prefers-color-scheme: (\w+)\)" content="#\w+">', page)
        assert colours == ["light", "dark"]


def test_manifest_waits_for_a_sign_in_because_a_browser_fetches_it_with_an_icon_at_once(client: Client) -> None:
    link = '<link rel="manifest" href="/manifest.webmanifest">'
    staff = signed_in(UserFactory(superuser=True, with_totp=True))
    assert link in text(staff.get("/"))
    assert link in text(staff.get("/beheer/"))
    assert link not in text(client.get("/inloggen/"))


FOUND = {
    "/",
    "/inloggen/",
    "/persoonlijke-gegevens/",
    "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/",
    "/hulp/twee-staps-authenticatie/",
}


def _may_crawl(rules: str, address: str) -> bool:
    """RFC 9309, section 2.2.2: the longest rule that fits decides; one that ends with $ fits the whole address."""
    fitting = []
    for name, _colon, path in (line.partition(": ") for line in rules.splitlines()):
        whole = path.endswith("$")
        if name in ("Allow", "Disallow") and (address == path[:-1] if whole else address.startswith(path)):
            fitting.append((len(path), name == "Allow"))
    return max(fitting)[1]


def test_search_engines_find_the_help_and_the_front_doors_and_nothing_else(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    rules = answer.content.decode()
    assert rules.startswith("User-agent: *\n")
    every = {address for _name, address in filled(1, "omgeving")}
    assert {address for address in every if _may_crawl(rules, address)} == FOUND
    for beyond in ("/inloggen/?next=/beheer/", "/?zoek=bomen", "/persoonlijke-gegevens/een-token"):
        assert not _may_crawl(rules, beyond)
    assert _may_crawl(rules, "/static/css/assetmaps.css")


def test_search_engine_meets_nothing_but_the_sign_in_and_the_help(client: Client) -> None:
    for address in FOUND - {"/inloggen/", "/hulp/twee-staps-authenticatie/"}:
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.url.startswith("/inloggen/")


@pytest.mark.parametrize("day", ["2026-01-01T00:00:00Z", "2028-02-29T23:59:59Z", "2031-07-15T12:00:00Z"])
def test_security_contact_is_never_past_and_less_than_a_year_ahead(client: Client, day: str) -> None:
    """RFC 9116, section 2.5.5."""
    with time_machine.travel(day, tick=False):
        answer = client.get("/.well-known/security.txt")
        now = datetime.now(UTC)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert set(fields) == {"Contact", "Expires", "Preferred-Languages", "Canonical"}
    ends = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=30) < ends - now < timedelta(days=365)
    assert fields["Contact"] == f"mailto:{settings.SUPPORT_EMAIL}"
    assert fields["Canonical"] == f"{settings.PUBLIC_URL}/.well-known/security.txt"


def test_password_manager_finds_the_page_for_a_new_password_and_can_trust_the_answer(client: Client) -> None:
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer.url) == (302, "/persoonlijke-gegevens/wachtwoord/")
    unknown = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
    for browser in (client, signed_in(UserFactory())):
        for address in (unknown, f"{unknown}/"):
            assert browser.get(address).status_code == 404


def test_nothing_here_sets_a_cookie_or_depends_on_who_asks(client: Client) -> None:
    known = signed_in(UserFactory())
    for address in ("/favicon.ico", "/manifest.webmanifest", "/robots.txt", "/.well-known/security.txt"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert not answer.cookies
        assert known.get(address).content == answer.content
        assert client.post(address).status_code in (403, 405)
