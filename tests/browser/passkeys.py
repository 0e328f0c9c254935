"""What a person does with passkeys on the pages of the portal."""

from __future__ import annotations

from tests.browser.screen import Screen

DETAILS = "/persoonlijke-gegevens/"
ADD = "/persoonlijke-gegevens/passkeys/toevoegen/"
STOPPED = "Het is niet gelukt:"


def make(screen: Screen) -> None:
    screen.open(ADD)
    press_make(screen)


def press_make(screen: Screen) -> None:
    screen.press("Maak een passkey")
    screen.page.wait_for_url(lambda address: ADD not in address)


def passkeys_on(screen: Screen) -> list[str]:
    screen.open(DETAILS)
    rows = screen.page.get_by_role("region", name="Inloggen met vingerafdruk, gezicht of pincode").get_by_role(
        "listitem"
    )
    return [row.locator("strong").inner_text() for row in rows.all()]
