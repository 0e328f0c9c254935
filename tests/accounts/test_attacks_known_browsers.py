"""The cookie of a known browser gives a counter of its own, so a password alone must not be enough to get it."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse

from accounts.audit.models import AuditEntry
from accounts.throttling import known_browsers
from accounts.throttling.known_browsers import COOKIE
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator
from tests.codes import phone, wrong_code_of
from tests.conftest import sign_in
from tests.factories import UserFactory
from tests.pages import ACTIVATE, CONFIRM, browser, signed_in, type_code

pytestmark = pytest.mark.django_db


def test_cookies_from_before_the_second_step_give_a_thief_no_guesses() -> None:  # ASVS 6.3.1
    person = UserFactory()
    stored_up = [signed_in(person).cookies[COOKIE].value for _ in range(4)]
    owner = signed_in(person)
    owner.post(ACTIVATE)
    owner.post(CONFIRM, {"code": phone(Authenticator.objects.get()).now()})
    wrong = wrong_code_of(person)
    for cookie in stored_up:
        thief = browser()
        thief.cookies[COOKIE] = cookie
        sign_in(thief, person, code=wrong)
        for _ in range(4):
            type_code(thief, wrong)
    assert AuditEntry.objects.filter(event="code_refused", detail__cause="wrong").count() == 5
    assert list(AttemptCounter.objects.filter(kind="code").values_list("bucket", "failures")) == [("", 5)]


def test_browser_that_activates_stays_known() -> None:
    person = UserFactory()
    owner = signed_in(person)
    owner.post(ACTIVATE)
    owner.post(CONFIRM, {"code": phone(Authenticator.objects.get()).now()})
    again = browser()
    again.cookies[COOKIE] = owner.cookies[COOKIE].value
    sign_in(again, person, code=wrong_code_of(person))
    assert AttemptCounter.objects.get(kind="code").bucket != AttemptCounter.UNKNOWN_BROWSERS


def test_shared_browser_is_known_for_the_last_five_people() -> None:
    people, cookie = UserFactory.create_batch(6), ""
    for person in people:
        cookie = known_browsers.remember(carrying(cookie), HttpResponse(), person).cookies[known_browsers.COOKIE].value
    known = known_browsers.KnownBrowsers.of(carrying(cookie))
    assert [bool(known.bucket_of(person)) for person in people] == [False] + [True] * 5


def carrying(cookie: str) -> HttpRequest:
    request = HttpRequest()
    request.COOKIES[known_browsers.COOKIE] = cookie
    return request
