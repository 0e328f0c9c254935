"""Forgetting the password: what is mailed, how often, and what a stranger can tell from the answers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import flows, links
from accounts.passwords.links import Purpose
from tests.conftest import mails
from tests.factories import UserFactory

ASK = "/wachtwoord-vergeten/"
NEW = "vier ezels lopen weg"
HERE = Origin("192.0.2.7", "Testbrowser")
TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w{64}(?=")')  # random in every answer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> User:
    return UserFactory(email="persoon@voorbeeld.nl")


def newest_link() -> str:
    return re.findall(r"https://mijn\.assetmaps\.nl(/wachtwoord-instellen/\S+)", mails()[-1].body)[0]


# ASVS 6.3.8
def comparable(headers: Mapping[str, str]) -> dict[str, str]:
    """Without what is random in every answer."""
    return {name: value for name, value in headers.items() if name not in ("Content-Security-Policy", "X-Request-ID")}


# ASVS 6.3.8
@pytest.mark.parametrize("times", [1, limits.RESET_MAILS + 1])
def test_known_and_unknown_addresses_get_the_same_answer_and_cost_the_same(
    client: Client, person: User, times: int
) -> None:
    seen = []
    for address in (person.email, "niemand@voorbeeld.nl"):
        for _ in range(times):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                response = client.post(ASK, {"email": address})
        page = TOKEN.sub("", client.get(response.url).content.decode()).replace(address, "…")
        seen.append((response.status_code, response.url, comparable(response.headers), page, len(queries)))
    assert seen[0] == seen[1]


# ASVS 6.3.1
# NIST N26
def test_a_person_gets_at_most_three_mails_an_hour_and_the_page_stays_the_same(client: Client, person: User) -> None:
    answers = {client.post(ASK, {"email": address}).url for address in [person.email, person.email.upper()] * 3}
    assert answers == {"/wachtwoord-vergeten/verstuurd/"}
    assert len(mails()) == limits.RESET_MAILS
    refused = AuditEntry.objects.filter(event=Event.PASSWORD_LINK_SENT, succeeded=False, detail__cause="too many")
    assert [entry.subject_id for entry in refused] == [person.pk]


def test_a_quota_begins_anew_after_its_period() -> None:
    period = timedelta(seconds=1)
    assert [rate_limits.consume("test", "anew", limit=1, period=period) for _ in range(2)] == [True, False]
    time.sleep(1.1)  # real time: a shared cache has a clock of its own
    assert rate_limits.consume("test", "anew", limit=1, period=period)


def test_a_stranger_who_asks_on_and_on_does_not_void_the_link_that_was_mailed(client: Client, person: User) -> None:
    for _ in range(limits.RESET_MAILS + 5):
        client.post(ASK, {"email": person.email})
    assert links.holder(newest_link().split("/")[-2]) == person


def test_one_network_address_gets_thirty_mails_an_hour_and_another_still_gets_its_own(person: User) -> None:
    for number in range(limits.RESET_MAILS_NETWORK):
        flows.send_reset_link(f"niemand{number}@voorbeeld.nl", HERE)
    flows.send_reset_link(person.email, HERE)
    assert mails() == []
    flows.send_reset_link(person.email, Origin("192.0.2.8", "Testbrowser"))
    assert len(mails()) == 1


def test_a_whole_ipv6_network_counts_as_one_address() -> None:
    assert rate_limits.network_of("2001:db8:1:2:aaaa::1") == rate_limits.network_of("2001:db8:1:2:bbbb::9")
    assert rate_limits.network_of("2001:db8:1:2::1") != rate_limits.network_of("2001:db8:1:3::1")
    assert rate_limits.network_of("192.0.2.7") != rate_limits.network_of("192.0.2.8")


def test_parallel_requests_do_not_pass_the_quota() -> None:
    def spend(_: int) -> bool:
        return rate_limits.consume("test", "one", limit=5, period=timedelta(minutes=5))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(spend, range(40))) == 5


def test_a_deactivated_person_gets_no_mail(client: Client) -> None:
    client.post(ASK, {"email": UserFactory(is_active=False).email})
    assert mails() == []


# ASVS 6.3.6, 6.4.3
def test_a_link_sets_the_password_once_and_signs_nobody_in(client: Client, person: User) -> None:
    client.post(ASK, {"email": person.email})
    link = newest_link()
    assert client.get(link).url == "/wachtwoord-instellen/"
    response = client.post("/wachtwoord-instellen/", {"new_password1": NEW, "new_password2": NEW})
    assert response.url == "/inloggen/"
    assert "_auth_user_id" not in client.session
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert client.get(link).status_code == 410


def test_the_page_of_the_link_names_the_reason_of_a_refusal_and_keeps_the_link(client: Client, person: User) -> None:
    client.post(ASK, {"email": person.email})
    client.get(newest_link())
    client.post("/wachtwoord-instellen/", {"new_password1": "welkom2024", "new_password2": "welkom2024"})
    page = client.get("/wachtwoord-instellen/").content.decode()
    assert "er zijn nog 5 tekens nodig" in page
    assert "Veel mensen gebruiken dit wachtwoord" not in page  # one thing at a time
    assert client.post("/wachtwoord-instellen/", {"new_password1": NEW, "new_password2": NEW}).url == "/inloggen/"


# ASVS 6.4.1
# NIST N26
@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_ends_after_its_lifetime(person: User, purpose: Purpose) -> None:
    with time_machine.travel("2026-03-02 10:00Z", tick=False) as clock:
        token = links.make(person, purpose)
        clock.shift(purpose.lifetime)
        assert links.holder(token) == person
        clock.shift(timedelta(seconds=1))
        assert links.holder(token) is None


def test_only_the_newest_link_works(client: Client, person: User) -> None:
    client.post(ASK, {"email": person.email})
    older = newest_link()
    client.post(ASK, {"email": person.email})
    assert client.get(older).status_code == 410
    client.get(newest_link())
    assert client.get("/wachtwoord-instellen/").status_code == 200


@pytest.fixture
def in_threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_of_parallel_uses_of_one_link_one_sets_the_password(person: User, in_threads: ThreadPoolExecutor) -> None:
    token = links.make(person, Purpose.RESET)

    def use(number: int) -> bool:
        try:
            return flows.set_from_link(token, f"{NEW} nummer {number}", HERE) is not None
        finally:
            connections.close_all()

    assert sum(in_threads.map(use, range(8))) == 1


def test_the_mail_says_how_long_the_link_works_in_the_numbers_of_the_policy(client: Client, person: User) -> None:
    client.post(ASK, {"email": person.email})
    assert "60 minuten lang" in mails()[-1].body
    flows.invite(person, actor=None, origin=HERE)
    assert "7 dagen lang" in mails()[-1].body
