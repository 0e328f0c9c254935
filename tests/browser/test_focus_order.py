"""Tab goes through a page in the order in which it is read: nothing is left out, nothing comes before its turn."""

from __future__ import annotations

import pytest

from accounts import limits
from accounts.models import User
from tests.browser.page_tour import EMPLOYEE
from tests.browser.screen import Screen
from tests.factories import EnvironmentFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SKIP, HELP, MAIL = "Direct naar de inhoud", "Hulp bij twee-staps-authenticatie", "support@assetmaps.nl"
FOOT = ["English", MAIL, HELP]
TOP = [SKIP, "Persoonlijke Gegevens", "Mijn Assetmaps", "Mijn Omgevingen", "Uitloggen"]

# The name by which a screen reader calls what has the focus, and where it stands in the page's own order.
HERE = """() => {
  const at = document.activeElement, all = [...document.querySelectorAll("*")];
  const named = (at.labels?.length ? at.labels[0] : at).cloneNode(true);
  for (const unsaid of named.querySelectorAll("[aria-hidden=true]")) unsaid.remove();
  const words = at.getAttribute("aria-label") ?? named.textContent;
  return [words.replace(/\\s+/g, " ").trim(), all.indexOf(at)];
}"""


def from_the_top(screen: Screen) -> None:
    """As if the page had no field that takes the focus by itself."""
    screen.page.wait_for_load_state()
    screen.page.evaluate(
        "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')"
    )


def stops(screen: Screen, last: str) -> list[str]:
    """From the top of the page, by Tab alone."""
    from_the_top(screen)
    names, places = [], []
    while last not in names:
        screen.page.keyboard.press("Tab")
        name, place = screen.page.evaluate(HERE)
        names.append(name)
        places.append(place)
        assert len(names) < 40, names
    assert places == sorted(places), f"Tab jumps back: {names}"
    return names


def begins(name: str, start: str) -> str:
    """Of a link that holds a whole tile, or a line of help, the first words."""
    return start if name.startswith(start) else name


def test_sign_in_page(screen: Screen) -> None:
    screen.open("/inloggen/")
    assert stops(screen, HELP) == [
        SKIP,
        "Mijn Assetmaps",
        "E-mailadres",
        "Wachtwoord",
        "Toon",
        "Inloggen",
        "Wachtwoord vergeten?",
        "Inloggen met zakelijk account",
        *FOOT,
    ]


def test_overview(screen: Screen, employee: User) -> None:
    screen.open_signed_in(EMPLOYEE)
    first = ["Bomen en groen", "Favoriet: Bomen en groen"]
    assert [begins(name, first[0]) for name in stops(screen, HELP)] == [*TOP, *first, *FOOT]
    for number in range(limits.ENVIRONMENTS_FEW):
        EnvironmentFactory(name=f"Wijk {number}", people=[employee])
    screen.open("/")
    found = [begins(name, first[0]) for name in stops(screen, HELP)]
    assert found[: len(TOP) + 4] == [*TOP, "Zoek een omgeving", "Zoeken", *first]
    assert found[-len(FOOT) - 1 :] == ["Sneller met het toetsenbord", *FOOT]


def test_personal_details(screen: Screen) -> None:
    UserFactory(email=EMPLOYEE)
    screen.open_signed_in(EMPLOYEE)
    screen.open("/persoonlijke-gegevens/")
    found = stops(screen, HELP)
    for start in ("Actieve sessies", "Beveiligingsactiviteit"):
        found = [begins(name, start) for name in found]
    assert found == [
        *TOP,
        "Mijn Omgevingen",
        "Activeer Twee-Staps-Authenticatie",
        "Instellen op dit apparaat",
        "Wachtwoord wijzigen",
        "Actieve sessies",
        "Beveiligingsactiviteit",
        "E-mailadres wijzigen",
        "Voornaam",
        "Achternaam",
        "Taal",
        "Opslaan",
        *FOOT,
    ]


def test_skip_link_goes_past_the_top(screen: Screen) -> None:
    screen.open("/inloggen/")
    from_the_top(screen)
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Enter")
    screen.page.keyboard.press("Tab")
    assert screen.page.evaluate(HERE)[0] == "E-mailadres"
