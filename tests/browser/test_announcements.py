"""What happens without a new page is said, and said once; what went wrong is where the focus is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts import limits
from accounts.models import User
from tests.browser.page_tour import EMPLOYEE
from tests.browser.screen import Screen
from tests.codes import code_of
from tests.factories import EnvironmentFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Keeps every text that comes to stand in a place that screen readers listen to.
LISTEN = """() => {
  window.said = [];
  for (const place of document.querySelectorAll("[role=status], [role=alert], [aria-live]"))
    new MutationObserver(() => { const text = place.textContent.trim(); if (text) window.said.push(text); })
      .observe(place, { childList: true, characterData: true, subtree: true });
}"""


def said(screen: Screen) -> list[str]:
    return screen.page.evaluate("window.said")


def focused(screen: Screen) -> str:
    return screen.page.evaluate("document.activeElement.labels?.[0]?.textContent.trim() ?? ''")


def described(screen: Screen) -> str:
    """What a screen reader adds to the name of the field that has the focus."""
    return screen.page.evaluate(
        """() => (document.activeElement.getAttribute("aria-describedby") ?? "").split(" ")
            .map((id) => document.getElementById(id)?.textContent.trim() ?? "").join(" ")"""
    )


def test_wrong_password_is_an_alert_and_the_keyboard_is_back_in_the_form(screen: Screen, employee: User) -> None:
    screen.give_password(EMPLOYEE, "een fout wachtwoord")
    expect(screen.page.get_by_role("alert")).to_contain_text("klopt niet")
    assert focused(screen) == "E-mailadres"
    expect(screen.field("E-mailadres")).to_have_value(EMPLOYEE)


@pytest.mark.parametrize(
    ("typed", "field", "why"),
    [
        ((EMPLOYEE, ""), "Wachtwoord", "Vul je wachtwoord in."),
        (("", "iets"), "E-mailadres", "Vul je e-mailadres in."),
    ],
)
def test_focus_is_on_the_field_that_is_wrong_and_it_says_why(
    screen: Screen, typed: tuple[str, str], field: str, why: str
) -> None:
    screen.give_password(*typed)
    expect(screen.page.get_by_role("alert")).to_have_text(why)
    screen.page.wait_for_load_state()
    assert focused(screen) == field
    assert why in described(screen)
    assert screen.page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


def test_number_of_environments_is_said_once_however_much_is_typed(screen: Screen, employee: User) -> None:
    EnvironmentFactory(name="Riolering", people=[employee])
    EnvironmentFactory.create_batch(limits.ENVIRONMENTS_FEW, people=[employee])
    screen.open_signed_in(EMPLOYEE)
    screen.page.wait_for_load_state()
    screen.page.evaluate(LISTEN)
    screen.field("Zoek een omgeving").press_sequentially("riol", delay=200)  # the list follows at every letter
    expect(screen.page.locator("main").get_by_role("status")).to_have_text("1 omgeving gevonden")
    screen.page.wait_for_timeout(1000)  # longer than the pause after which it would be said again
    assert said(screen) == ["1 omgeving gevonden"]


def test_copy_is_said_and_the_button_takes_its_name_back(screen: Screen) -> None:
    screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person = UserFactory(email=EMPLOYEE, with_totp=True)
    screen.open_signed_in(EMPLOYEE, code_of(person))
    screen.open("/persoonlijke-gegevens/herstelcodes/")
    screen.press("Maak nieuwe herstelcodes")
    expect(screen.button("Kopiëren")).to_be_visible()
    screen.page.wait_for_load_state()
    screen.page.evaluate(LISTEN)
    screen.press("Kopiëren")
    expect(screen.button("Gekopieerd")).to_be_focused()
    expect(screen.button("Kopiëren")).to_be_focused()
    assert said(screen)[0] == "Gekopieerd"


def test_saving_is_said_once_and_before_what_was_saved(screen: Screen) -> None:
    UserFactory(email=EMPLOYEE)
    screen.open_signed_in(EMPLOYEE)
    screen.open("/persoonlijke-gegevens/")
    screen.press("Opslaan")
    spoken = screen.page.get_by_role("status").filter(has_text="Je gegevens zijn opgeslagen.")
    expect(spoken).to_have_count(1)
    read = screen.page.locator("main").inner_text()
    assert read.index("opgeslagen") < read.index("Voornaam")
    screen.page.reload()
    expect(spoken).to_have_count(0)
