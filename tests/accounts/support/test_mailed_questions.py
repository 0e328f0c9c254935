"""The pages behind links in mails: a scanner that opens the link, presses the button, or takes the first, the last or
an invented answer changes nothing."""

from __future__ import annotations

import re

import pytest

from accounts.models import User
from accounts.support.models import HelpRequest, Intervention, Kind, Report, State
from tests.accounts.support.desk_pages import act
from tests.conftest import browser, mails
from tests.factories import UserFactory
from tests.pages import half_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

LINKS = {
    "dit-was-ik-niet": ("Was jij dit?", "Nee, dit was ik niet", "Er is nog niets gemeld."),
    "hulpvraag-intrekken": ("Wil je het verzoek annuleren?", "Ja, annuleer het", "Er is niets geannuleerd."),
    "hulp-van-support-intrekken": (
        "Wil je de hulp van support annuleren?",
        "Ja, annuleer het",
        "Er is niets geannuleerd.",
    ),
}


def mailed(part: str) -> str:
    """The link of a mail about something that has just happened."""
    if part == "hulp-van-support-intrekken":
        act(Kind.RESET, UserFactory(staff=True, with_totp=True), UserFactory(in_support=True, with_totp=True))
    else:
        half_signed_in(UserFactory(with_totp=True)).post("/inloggen/telefoon-kwijt/")
        if part == "dit-was-ik-niet":
            person = User.objects.get()
            signed_in(person).post("/persoonlijke-gegevens/herstelcodes/nieuw/")
    found = [re.search(rf"https://mijn\.assetmaps\.nl(/{part}/\S+)", message.body) for message in mails()]
    return next(one[1] for one in found if one)


def acted() -> bool:
    cancelled = HelpRequest.objects.exclude(cancelled_at=None).exists()
    return cancelled or Report.objects.exists() or Intervention.objects.filter(state=State.CANCELLED).exists()


@pytest.mark.parametrize("part", LINKS)
def test_nothing_is_chosen_beforehand_and_a_press_alone_does_nothing(part: str) -> None:
    question, _do, _unsure = LINKS[part]
    link, scanner = mailed(part), browser()
    page = shown(scanner, link)
    assert f"<legend>{question}</legend>" in page
    assert "checked" not in page
    assert len(re.findall(r'type="radio"', page)) == 3
    page = shown(scanner, link, {})
    assert "Kies eerst een antwoord." in page
    assert 'aria-invalid="true"' in page
    assert not acted()


@pytest.mark.parametrize("part", LINKS)
def test_first_last_and_invented_answers_do_nothing(part: str) -> None:
    _question, _do, unsure = LINKS[part]
    link, scanner = mailed(part), browser()
    values = re.findall(r'type="radio" name="answer" value="(\w+)"', shown(scanner, link))
    assert "Goed. Dan blijft alles zoals het is." in shown(scanner, link, {"answer": values[0]})
    assert unsure in shown(scanner, link, {"answer": values[-1]})
    for invented in ("on", "1", "yes", "DO", ""):
        assert "Kies eerst een antwoord." in shown(scanner, link, {"answer": invented})
    assert not acted()


@pytest.mark.parametrize("part", LINKS)
def test_the_answer_that_says_so_acts(part: str) -> None:
    _question, do, _unsure = LINKS[part]
    link, owner = mailed(part), browser()
    value = re.search(rf'value="(\w+)"[^>]*>\s*{do}', shown(owner, link))
    assert value
    shown(owner, link, {"answer": value[1]})
    assert acted()
