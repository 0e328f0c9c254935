"""Pictures of the pages, for the README, the manual and a look: ``python -m tests.browser.screenshots [--all DIR]``.

Starts the portal on a throw-away database, so every secret in the pictures is worthless.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser import chromium

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "docs" / "screenshots"
SIZES = {"360": (360, 740), "1280": (1280, 800)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="DIR", help="also every page, in two widths, light and dark")
    parser.add_argument("--manual", action="store_true", help="only the pictures of the manual")
    arguments = parser.parse_args()
    everything = arguments.all
    with tempfile.TemporaryDirectory() as folder:
        _settings(Path(folder))
        with _portal() as address, _browser() as browser:
            from tests.browser.screen import Screen

            screen = Screen(_context(browser).new_page(), address)
            for_manual(browser, address)
            if arguments.manual:
                return
            for_readme(screen)
            if everything:
                everything.mkdir(parents=True, exist_ok=True)
                every_page(screen, everything)


def _settings(folder: Path) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the thread that prepares the data
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'db.sqlite3'}"
    django.setup()


@contextmanager
def _portal() -> Iterator[str]:
    from django.core.management import call_command
    from pytest_django.live_server_helper import LiveServer

    from tests.browser import tour

    call_command("migrate", verbosity=0)
    tour.people()
    server = LiveServer("localhost")
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def _browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_args())
        yield browser
        browser.close()


def _context(browser, **options):
    options = {"viewport": _viewport("1280"), **options}
    return browser.new_context(locale="nl-NL", timezone_id="Europe/Amsterdam", **options)


def _viewport(size: str) -> dict[str, int]:
    width, height = SIZES[size]
    return {"width": width, "height": height}


def for_manual(browser, address: str) -> None:
    """Those at /hulp/twee-staps-authenticatie/, in static/. Finer than the page, for sharp screens."""
    from accounts.models import User
    from tests.browser import manual, tour
    from tests.browser.screen import Screen

    context = _context(browser, device_scale_factor=1.5)
    person = User.objects.get(email=tour.EMPLOYEE)
    manual.take_all(person, lambda: Screen(context.new_page(), address))
    manual.as_new(person, "nl")


def for_readme(screen) -> None:
    from tests.browser import tour

    README.mkdir(parents=True, exist_ok=True)
    screen.sign_in(tour.EMPLOYEE)
    screen.page.screenshot(path=README / "mijn-omgevingen.png", clip=_top(height=430))
    screen.begin_set_up()
    screen.page.screenshot(path=README / "qr-code.png", full_page=True, animations="disabled")
    screen.sign_out()
    for_support(screen)
    for_single_sign_on(screen)


def for_support(screen) -> None:
    """The two pictures in docs/support-desk.md."""
    from tests.browser import tour

    for name in tour.support_desk(screen):
        if name == "support-persoon":
            screen.page.screenshot(path=README / "supportdesk.png", clip=_top(height=760))
        if name == "support-code-eenmalig":
            screen.page.screenshot(path=README / "code-voor-de-beller.png", clip=_top(height=520))


def for_single_sign_on(screen) -> None:
    """The two pictures in docs/single-sign-on.md."""
    from tests.browser import tour

    for name in tour.single_sign_on(screen):
        if name == "beheer-sso-pagina":
            screen.page.screenshot(path=README / "single-sign-on.png", clip=_top(height=760))
        if name == "beheer-sso-proef-uitslag":
            screen.page.screenshot(path=README / "proefinloggen.png", full_page=True, animations="disabled")


def _top(height: int) -> dict[str, int]:
    return {"x": 0, "y": 0, "width": SIZES["1280"][0], "height": height}


def every_page(screen, folder: Path) -> None:
    from tests.browser import tour

    for part in tour.ALL:
        for name in part(screen):
            for size in SIZES:
                screen.page.set_viewport_size(_viewport(size))
                for scheme in ("light", "dark"):
                    screen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    screen.page.screenshot(
                        path=folder / f"{name}-{size}-{scheme}.png", full_page=True, animations="disabled"
                    )


if __name__ == "__main__":
    main()
