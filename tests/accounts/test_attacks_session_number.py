"""At most five sessions, also when people sign in at the same moment."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.active_sessions.models import Session
from accounts.active_sessions.store import SessionStore
from accounts.audit.origin import Origin
from tests.factories import UserFactory
from tests.pages import is_signed_in, signed_in

pytestmark = pytest.mark.django_db


def fresh_request() -> HttpRequest:
    request = RequestFactory().post("/inloggen/")
    request.session, request.user = SessionStore(), AnonymousUser()
    return request


def test_sign_ins_that_overtake_each_other_leave_five() -> None:  # ASVS 7.1.2
    person = UserFactory()
    requests = [fresh_request() for _ in range(12)]
    for request in requests:  # every one is judged before the middleware of any has written its row
        sessions.sign_in(request, person, device=None, origin=Origin("127.0.0.1"))
    for request in requests:
        request.session.save()
    assert Session.objects.filter(user=person, signed_in=True).count() == limits.SESSIONS_AT_ONCE


def test_newest_five_stay() -> None:
    person = UserFactory(with_totp=False)
    clients = [signed_in(person) for _ in range(7)]
    assert [is_signed_in(client) for client in clients] == [False] * 2 + [True] * 5
