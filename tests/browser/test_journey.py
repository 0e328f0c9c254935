"""The journey of the user manual, by somebody who sees only the screen and holds a phone."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.browser.screen import Screen
from tests.factories import EnvironmentFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = "medewerker@voorbeeld.nl"


@pytest.fixture
def employee(transactional_db: None) -> User:
    person = UserFactory(email=ADDRESS)
    EnvironmentFactory(name="Bomen en groen", slug="bomen-en-groen", people=[person])
    return person


def test_whole_journey(screen: Screen, employee: User) -> None:
    screen.sign_in(ADDRESS)
    phone = screen.activate()
    screen.sign_out()
    screen.give_password(ADDRESS)
    code = phone.shows(30)
    screen.give_code(code)
    screen.heading("Mijn Omgevingen")
    print(screen.page.context.cookies())
    print(phone.uri)
    screen.page.screenshot(path="/tmp/b-over.png")
