"""Every limit by network address holds for a visitor whose address is not known, and for a line with many networks."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import VIA
from tests.factories import PASSWORD, UserFactory
from tests.pages import SIGN_IN, browser, text

pytestmark = pytest.mark.django_db

UNKNOWN = {"REMOTE_ADDR": "", VIA: "10.0.0.5"}


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETWORK_FAILURES", "RESET_MAILS_NETWORK", "POLICY_REPORTS"):
        monkeypatch.setattr(limits, name, 1)
    monkeypatch.setattr(limits, "NETWORK_UNREADABLE", 3)


def wrong(n: int, **where: str) -> None:
    browser().post(SIGN_IN, {"username": f"n{n}@voorbeeld.nl", "password": "x"}, **where)


@pytest.mark.usefixtures("_few")
def test_wrong_passwords_without_an_address_have_a_limit_too(caplog: pytest.LogCaptureFixture) -> None:
    for n in range(5):
        wrong(n, **UNKNOWN)
    assert AuditEntry.objects.filter(event="password_refused").count() == 3
    assert "sign-in from an address that 10.0.0.5 does not tell has to wait" in caplog.text
    wrong(6, REMOTE_ADDR="203.0.113.7")
    assert AuditEntry.objects.filter(event="password_refused").count() == 4, "who has an address does not share it"


@pytest.mark.usefixtures("_few")
def test_right_passwords_give_back_what_they_spent_at_every_level() -> None:
    for where in (UNKNOWN, {"REMOTE_ADDR": "2001:db8::1"}, {"REMOTE_ADDR": "203.0.113.7"}):
        for _ in range(25):
            person = UserFactory()  # of one person, right ones from unknown browsers have a limit of their own
            answer = browser().post(SIGN_IN, {"username": person.email, "password": PASSWORD}, **where)
            assert (answer.status_code, answer.url) == (302, "/")


@pytest.mark.usefixtures("_few")
def test_mails_without_an_address_have_a_limit_too() -> None:
    for n in range(5):
        browser().post("/wachtwoord-vergeten/", {"email": f"n{n}@voorbeeld.nl"}, **UNKNOWN)
    refused = AuditEntry.objects.filter(event="password_link_sent", detail__cause="too many")
    assert refused.count() == 1, "one entry an hour, with a count"


@pytest.mark.usefixtures("_few")
def test_reports_without_an_address_have_a_limit_too() -> None:
    kind = {"content_type": "application/csp-report"}
    answers = [browser().post("/csp-melding/", "{}", **kind, **UNKNOWN).status_code for _ in range(5)]
    assert answers == [204, 204, 204, 429, 429]


@pytest.mark.usefixtures("_few")
def test_a_home_line_may_do_a_little_more_than_one_network(client: Client) -> None:
    for n in range(5):
        wrong(n, REMOTE_ADDR=f"2001:db8:0:1{n:02x}::1")
    assert AuditEntry.objects.filter(event="password_refused").count() == limits.NETWORK_HOME
    client.post(SIGN_IN, {"username": "n@voorbeeld.nl", "password": "x"}, REMOTE_ADDR="2001:db8:0:1ff::9")
    assert "Vanaf jouw netwerk is te vaak" in text(client.get(SIGN_IN))
    wrong(0, REMOTE_ADDR="2001:db8:0:200::1")
    assert AuditEntry.objects.filter(event="password_refused").count() == limits.NETWORK_HOME + 1
