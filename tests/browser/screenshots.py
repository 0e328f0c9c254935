"""The pictures in the README, the manual and the documents: ``make screenshots``. Of every page: `contact_sheet`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.browser import portal

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "docs" / "screenshots"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manual", action="store_true", help="only the pictures of the manual")
    only_manual = parser.parse_args().manual
    with portal.portal() as address, portal.browser() as browser:
        for_manual(browser, address)
        if not only_manual:
            for_readme(portal.screen(browser, address))


def for_manual(browser, address: str) -> None:
    """Those at /hulp/twee-staps-authenticatie/, in static/. Finer than the page, for sharp screens."""
    from accounts.models import User
    from tests.browser import manual, page_tour
    from tests.browser.screen import Screen

    context = browser.new_context(
        locale="nl-NL", timezone_id="Europe/Amsterdam", viewport=portal.viewport("1280"), device_scale_factor=1.5
    )
    person = User.objects.get(email=page_tour.EMPLOYEE)
    manual.take_all(person, lambda: Screen(context.new_page(), address))
    manual.as_new(person, "nl")


def for_readme(screen) -> None:
    from tests.browser import page_tour

    README.mkdir(parents=True, exist_ok=True)
    screen.sign_in(page_tour.EMPLOYEE)
    screen.page.screenshot(path=README / "mijn-omgevingen.png", clip=_top(height=430))
    screen.begin_set_up()
    screen.page.screenshot(path=README / "qr-code.png", full_page=True, animations="disabled")
    screen.sign_out()
    for_support(screen)
    for_single_sign_on(screen)


def for_support(screen) -> None:
    """The two pictures in docs/support-desk.md."""
    from tests.browser import page_tour

    for name in page_tour.support_desk(screen):
        if name == "support-persoon":
            screen.page.screenshot(path=README / "supportdesk.png", clip=_top(height=760))
        if name == "support-code-eenmalig":
            screen.page.screenshot(path=README / "code-voor-de-beller.png", clip=_top(height=520))


def for_single_sign_on(screen) -> None:
    """The two pictures in docs/single-sign-on.md."""
    from tests.browser import page_tour

    for name in page_tour.single_sign_on(screen):
        if name == "beheer-sso-pagina":
            screen.page.screenshot(path=README / "single-sign-on.png", clip=_top(height=760))
        if name == "beheer-sso-proef-uitslag":
            screen.page.screenshot(path=README / "proefinloggen.png", full_page=True, animations="disabled")


def _top(height: int) -> dict[str, int]:
    return {"x": 0, "y": 0, "width": portal.SIZES["1280"][0], "height": height}


if __name__ == "__main__":
    main()
