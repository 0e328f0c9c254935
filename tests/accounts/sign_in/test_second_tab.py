"""A second tab, a page left open, a browser that sends no Referer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from assetmaps.errors import FORMS_OF_SIGN_IN as FORMS
from tests.codes import code_of
from tests.conftest import browser
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN, is_signed_in, text

pytestmark = pytest.mark.django_db

TARGET = "/persoonlijke-gegevens/sessies/"
HOST = "https://testserver"


class Tab:
    """A page in a browser that checks tokens, with its form as it was when it was opened."""

    def __init__(self, client: Client, address: str) -> None:
        self.client, self.address = client, address
        page = text(client.get(address, follow=True))
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        self.fields = dict(reversed(found))  # of two with one name the page's own; the choice of language comes last

    def send(self, **values: str) -> object:
        headers = {"origin": HOST, "referer": HOST + self.address}
        return self.client.post(self.address.split("?")[0], self.fields | values, headers=headers)


@pytest.fixture
def strict() -> Client:
    return browser(enforce_csrf_checks=True)


def test_second_sign_in_tab_goes_on_to_its_own_page_after_the_first_signed_in(strict: Client) -> None:
    person = UserFactory()
    first, second = Tab(strict, SIGN_IN), Tab(strict, f"{SIGN_IN}?next={TARGET}")
    assert first.send(username=person.email, password=PASSWORD).url == "/"
    answer = second.send(username=person.email, password=PASSWORD)
    assert (answer.status_code, answer.url) == (302, TARGET)


def test_second_code_tab_goes_on_to_its_target(strict: Client) -> None:
    person = UserFactory(with_totp=True)
    Tab(strict, f"{SIGN_IN}?next={TARGET}").send(username=person.email, password=PASSWORD)
    first, second = Tab(strict, CODE), Tab(strict, CODE)
    assert first.send(code=code_of(person)).url == TARGET
    assert second.send(code="123456").url == TARGET


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_before_the_sign_in_goes_on_to_its_target(strict: Client, form: str) -> None:
    person, headers = UserFactory(), {"origin": HOST, "referer": HOST + SIGN_IN}
    old = Tab(strict, f"{SIGN_IN}?next={TARGET}")
    Tab(strict, SIGN_IN).send(username=person.email, password=PASSWORD)
    assert strict.post(reverse(form), old.fields, headers=headers).url == TARGET


def test_second_tab_with_a_foreign_target_goes_to_the_overview(strict: Client) -> None:
    person = UserFactory()
    first, second = Tab(strict, SIGN_IN), Tab(strict, SIGN_IN)
    first.send(username=person.email, password=PASSWORD)
    assert second.send(username="x", password="x", next="//kwaad.example/").url == "/"


def test_sign_in_page_of_before_a_sign_out_is_shown_anew_with_its_target(strict: Client) -> None:
    person = UserFactory()
    old = Tab(strict, f"{SIGN_IN}?next={TARGET}")
    Tab(strict, SIGN_IN).send(username=person.email, password=PASSWORD)
    Tab(strict, "/persoonlijke-gegevens/").client.post(
        "/uitloggen/", Tab(strict, "/persoonlijke-gegevens/").fields, headers={"origin": HOST}
    )
    assert not is_signed_in(strict)
    answer = old.send(username=person.email, password=PASSWORD)
    assert answer.url == f"{SIGN_IN}?next={TARGET}"
    assert "Deze pagina stond te lang open." in text(strict.get(answer.url))


def test_code_page_that_stood_open_too_long_leads_on_to_the_target_after_signing_in_again(strict: Client) -> None:
    person = UserFactory(with_totp=True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        Tab(strict, f"{SIGN_IN}?next={TARGET}").send(username=person.email, password=PASSWORD)
        code = Tab(strict, CODE)
        clock.shift(limits.PENDING_SIGN_IN + timedelta(seconds=1))
        answer = code.send(code=code_of(person))
        assert answer.url == f"{SIGN_IN}?next={TARGET}"
        assert "De vijf minuten voor deze stap zijn voorbij" in text(strict.get(answer.url))


def test_target_is_kept_when_the_session_of_the_code_page_is_gone(strict: Client) -> None:
    person = UserFactory(with_totp=True)
    Tab(strict, f"{SIGN_IN}?next={TARGET}").send(username=person.email, password=PASSWORD)
    code = Tab(strict, CODE)
    strict.session.flush()
    assert code.send(code=code_of(person)).url == f"{SIGN_IN}?next={TARGET}"


def test_page_with_an_old_token_offers_itself_anew(strict: Client) -> None:
    person = UserFactory()
    Tab(strict, SIGN_IN).send(username=person.email, password=PASSWORD)
    tab = Tab(strict, "/persoonlijke-gegevens/")
    answer = tab.client.post(
        tab.address,
        tab.fields | {"csrfmiddlewaretoken": "x" * 64, "first_name": "Kwaad"},
        headers={"origin": HOST, "referer": f"{HOST}{tab.address}?a=1"},
    )
    assert answer.status_code == 403
    assert 'href="/persoonlijke-gegevens/?a=1"' in text(answer)


@pytest.mark.parametrize("referer", ["https://kwaad.example/x", "https://testserver//kwaad.example/", "x", "https://["])
def test_page_with_an_old_token_offers_no_address_of_others(strict: Client, referer: str) -> None:
    Tab(strict, SIGN_IN)
    answer = strict.post(
        "/wachtwoord-vergeten/", {"email": "x@voorbeeld.nl"}, headers={"origin": HOST, "referer": referer}
    )
    assert answer.status_code == 403
    assert "kwaad" not in text(answer)


@pytest.mark.parametrize("headers", [{"origin": "null"}, {"origin": "https://kwaad.example"}, {}, {"referer": "x"}])
def test_browser_that_hides_where_a_form_came_from_gets_words_of_its_own(
    strict: Client, headers: dict[str, str]
) -> None:
    person, tab = UserFactory(), Tab(strict, SIGN_IN)
    answer = strict.post(SIGN_IN, tab.fields | {"username": person.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403
    assert "Je browser zegt niet waar dit vandaan komt" in text(answer)
    assert not is_signed_in(strict)


def test_browser_without_our_cookie_reads_that_it_may_refuse_cookies(strict: Client) -> None:
    answer = strict.post(SIGN_IN, {"username": "x", "password": "x"}, headers={"origin": HOST})
    assert answer.status_code == 403
    assert "je browser weigert cookies" in text(answer)


def test_sign_out_in_a_second_tab_after_the_first_signed_out_is_no_error(strict: Client) -> None:
    person = UserFactory()
    Tab(strict, SIGN_IN).send(username=person.email, password=PASSWORD)
    tab = Tab(strict, "/persoonlijke-gegevens/")
    for _ in range(2):
        answer = strict.post("/uitloggen/", tab.fields, headers={"origin": HOST})
        assert (answer.status_code, answer.url) == (302, SIGN_IN)
