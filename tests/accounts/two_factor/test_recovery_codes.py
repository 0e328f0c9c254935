from __future__ import annotations

import base64
import json
import re
import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import limits
from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import devices
from accounts.two_factor.codes import parse_recovery_code
from accounts.two_factor.models import RecoveryCode, RecoveryCodeSet
from accounts.two_factor.recovery_codes import flows
from accounts.two_factor.verification import Outcome
from tests.codes import phone
from tests.conftest import browser, mails, sign_in
from tests.factories import UserFactory
from tests.pages import ACTIVATE, CONFIRM, DETAILS, half_signed_in, session_row, shown, signed_in

ORIGIN = Origin("192.0.2.1", "Testbrowser")
BASE = "/persoonlijke-gegevens/twee-staps-authenticatie"
CODES = "/persoonlijke-gegevens/herstelcodes/"
KEPT = f"{CODES}bewaard/"


def shown_codes(html: str) -> list[str]:
    return re.findall(r'<code translate="no">([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</code>', html)


def activated(person: object) -> Client:
    """A browser in which the second factor was just switched on."""
    client = signed_in(person)
    client.post(ACTIVATE)
    pending = devices.pending_authenticator_of(person)
    assert client.post(CONFIRM, {"code": phone(pending).now(), "name": ""}).url == CODES
    return client


# ASVS 14.2.6
@pytest.mark.django_db
def test_activation_shows_ten_codes_until_they_are_kept() -> None:
    client = activated(UserFactory())
    first = shown_codes(shown(client, CODES))
    assert len(set(first)) == limits.RECOVERY_CODES
    assert shown_codes(shown(client, CODES)) == first, "a reload, the back button, a second tab"
    assert "Je hebt je nieuwe herstelcodes nog niet bewaard." in shown(client, DETAILS)
    assert client.get(KEPT).status_code == 405
    assert client.post(KEPT).url == "/"
    assert shown_codes(shown(client, CODES)) == []
    assert "nog niet bewaard" not in shown(client, DETAILS)


@pytest.mark.django_db
def test_fresh_codes_are_gone_after_a_quarter_of_an_hour() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = activated(UserFactory())
        clock.shift(limits.RECOVERY_CODES_SHOWN - timedelta(seconds=1))
        assert len(shown_codes(shown(client, CODES))) == limits.RECOVERY_CODES
        clock.shift(1)
        assert shown_codes(shown(client, CODES)) == []


@pytest.mark.django_db
def test_fresh_codes_that_nobody_looked_at_leave_the_session_with_the_next_page() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = activated(UserFactory())
        clock.shift(limits.RECOVERY_CODES_SHOWN)
        assert flows.SHOWN in client.session
        client.get("/")
        assert flows.SHOWN not in client.session


@pytest.mark.django_db
@pytest.mark.parametrize("then", ["new set", "reset"])
def test_fresh_codes_that_work_no_longer_are_not_shown(then: str) -> None:
    person = UserFactory()
    client = activated(person)
    if then == "new set":
        flows.make(person, ORIGIN)
    else:
        RecoveryCodeSet.objects.all().delete()
    assert shown_codes(shown(client, CODES)) == []
    assert flows.SHOWN not in client.session


@pytest.mark.django_db
def test_no_other_session_of_the_person_sees_fresh_codes() -> None:
    person = UserFactory()
    client = activated(person)
    elsewhere = browser()
    code = phone(devices.authenticator_of(person)).at(int(timezone.now().timestamp()) + 30)
    sign_in(elsewhere, person, code=code)
    assert shown_codes(shown(elsewhere, CODES)) == []
    client.post("/uitloggen/")
    assert not Session.objects.exclude(digest=session_row(elsewhere).digest).exists(), "they end with the session"


@pytest.mark.django_db
def test_fresh_codes_are_sealed_inside_the_sealed_session() -> None:  # ASVS 11.3.2
    client = activated(UserFactory())
    codes = shown_codes(shown(client, CODES))
    for kept in (session_row(client).data, json.dumps(dict(client.session))):
        assert not any(code in kept or code.replace("-", "") in kept for code in codes)


@pytest.mark.django_db
def test_file_says_of_which_product_the_codes_are_and_how_they_are_used_but_not_whose() -> None:  # ASVS 3.2.1
    person = UserFactory()
    with time_machine.travel("2027-03-02T12:00:00Z", tick=False):
        page = shown(activated(person), CODES)
    file = base64.b64decode(re.search(r'"data:text/plain;charset=utf-8;base64,([^"]+)"', page)[1]).decode()
    assert file.split("\r\n") == [
        "Je herstelcodes voor Mijn Assetmaps",
        "",
        *shown_codes(page),
        "",
        "Gemaakt op 2 maart 2027.",
        "Log in op mijn.assetmaps.nl met je wachtwoord en kies ‘Gebruik een herstelcode’.",
        "Elke code werkt één keer, in plaats van je telefoon of je passkey. Bewaar je wachtwoord er niet bij.",
        "",
    ]
    assert person.email not in file


@pytest.mark.django_db
def test_without_a_second_step_the_page_says_what_comes_first() -> None:
    page = shown(signed_in(UserFactory()), "/persoonlijke-gegevens/herstelcodes/")
    assert "Herstelcodes horen bij twee-staps-authenticatie." in page


# ASVS 6.5.4
# NIST N25
def test_codes_hold_eighty_bits_without_look_alikes() -> None:
    codes = {flows._new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{16}", code) for code in codes)


@given(st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=16, max_size=16), st.data())
def test_code_is_read_in_any_case_with_or_without_groups(code: str, data: st.DataObject) -> None:
    separator = data.draw(st.sampled_from(["", "-", " ", "\u2011", "\u00a0", " - "]))
    typed = separator.join(code[start : start + 4] for start in range(0, 16, 4))
    assert parse_recovery_code(data.draw(st.sampled_from([typed, typed.lower()]))) == code


@given(st.text())
def test_anything_else_is_refused_without_an_exception(typed: str) -> None:
    code = parse_recovery_code(typed)
    assert code is None or len(code) == 16


# ASVS 6.5.2
# NIST N24
@pytest.mark.django_db
def test_codes_are_stored_as_salted_hashes_only() -> None:
    person, other = UserFactory(with_totp=True), UserFactory(with_totp=True)
    codes = flows.make(person, ORIGIN)
    stored = list(RecoveryCode.objects.values_list("digest", flat=True))
    assert all(code not in digest for code in codes for digest in stored)
    assert flows.use(other, codes[0], ORIGIN, UNKNOWN_BROWSER).outcome is Outcome.WRONG


# ASVS 6.4.4, 6.5.1
# NIST N24
@pytest.mark.django_db(transaction=True)
def test_code_signs_in_once_and_offers_to_link_a_new_phone() -> None:
    person = UserFactory(with_totp=True)
    codes = flows.make(person, ORIGIN, mailed=False)
    client = half_signed_in(person)
    response = client.post("/inloggen/herstelcode/", {"code": codes[0].lower()})
    assert response.url == "/inloggen/herstelcode/gebruikt/"
    page = client.get(response.url).content.decode()
    assert "Nieuwe telefoon koppelen" in page
    assert "nog 9 herstelcodes" in page
    assert client.get("/").status_code == 200
    again = half_signed_in(person)
    again.post("/inloggen/herstelcode/", {"code": codes[0]})
    assert again.get("/").status_code == 302
    assert "herstelcode" in mails()[-1].subject
    assert "nog 9 codes" in mails()[-1].body


# NIST N24
@pytest.mark.django_db
def test_recovery_codes_and_authenticator_count_apart() -> None:
    person = UserFactory(with_totp=True)
    flows.make(person, ORIGIN)
    client = half_signed_in(person)
    for _ in range(3):
        client.post("/inloggen/herstelcode/", {"code": "AAAA-AAAA-AAAA-AAAA"})
    counters = dict(AttemptCounter.objects.values_list("kind", "failures"))
    assert counters["recovery_code"] == 3
    assert counters.get("code", 0) == 0
    client.post("/inloggen/verificatie/", {"code": "000000"})
    counters = dict(AttemptCounter.objects.values_list("kind", "failures"))
    assert counters["recovery_code"] == 3


# ASVS 6.3.7, 6.5.6
@pytest.mark.django_db(transaction=True)
def test_new_set_needs_fresh_proof_and_kills_the_old_one(client: Client) -> None:
    person = UserFactory(with_totp=True)
    old = flows.make(person, ORIGIN, mailed=False)
    sign_in(client, person)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
        response = client.post("/persoonlijke-gegevens/herstelcodes/nieuw/")
        assert response.url.startswith("/bevestig-identiteit/")
        assert devices.recovery_codes_left(person) == limits.RECOVERY_CODES
    assert client.post("/persoonlijke-gegevens/herstelcodes/nieuw/").url == "/persoonlijke-gegevens/herstelcodes/"
    new = shown_codes(client.get("/persoonlijke-gegevens/herstelcodes/").content.decode())
    assert len(new) == limits.RECOVERY_CODES
    assert flows.use(person, old[0], ORIGIN, UNKNOWN_BROWSER).outcome is Outcome.WRONG
    assert flows.use(person, new[0], ORIGIN, UNKNOWN_BROWSER).outcome is Outcome.ACCEPTED
    assert "Je hebt nieuwe herstelcodes" in [message.subject for message in mails()]


# NIST N25
@pytest.mark.django_db
def test_few_codes_left_are_announced(client: Client) -> None:
    person = UserFactory(with_totp=True)
    codes = flows.make(person, ORIGIN)
    sign_in(client, person)
    assert "nog maar" not in client.get("/persoonlijke-gegevens/").content.decode()
    for code in codes[: limits.RECOVERY_CODES - limits.RECOVERY_CODES_FEW]:
        flows.use(person, code, ORIGIN, UNKNOWN_BROWSER)
    assert "nog maar 3 herstelcodes" in client.get("/persoonlijke-gegevens/").content.decode()


@pytest.mark.django_db
def test_after_a_month_one_question_which_can_be_put_off(client: Client) -> None:
    person = UserFactory(with_totp=True)
    flows.make(person, ORIGIN)
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=True):
        sign_in(client, person)
        assert "herstelcodes nog bij de hand" in client.get("/").content.decode()
        client.post("/persoonlijke-gegevens/herstelcodes/bij-de-hand/", {"answer": "later"})
        assert "herstelcodes nog bij de hand" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_codes_never_reach_the_audit() -> None:
    person = UserFactory(with_totp=True)
    codes = flows.make(person, ORIGIN)
    flows.use(person, codes[0], ORIGIN, UNKNOWN_BROWSER)
    told = " ".join(str(entry.__dict__) for entry in AuditEntry.objects.all())
    assert all(code not in told for code in codes)


# ASVS 6.5.1
@pytest.mark.django_db(transaction=True)
def test_one_code_in_twenty_parallel_requests_gets_one_in() -> None:
    person = UserFactory(with_totp=True)
    code = flows.make(person, ORIGIN)[0]
    outcomes: list[Outcome] = []

    def attempt() -> None:
        try:
            outcomes.append(flows.use(person, code, ORIGIN, UNKNOWN_BROWSER).outcome)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Outcome.ACCEPTED) == 1
    assert len(outcomes) == 20


@pytest.mark.django_db
def test_who_used_the_last_code_and_links_a_new_phone_gets_a_new_set(client: Client) -> None:
    person = UserFactory(with_totp=True)
    codes = flows.make(person, ORIGIN)
    for code in codes[1:]:
        flows.use(person, code, ORIGIN, UNKNOWN_BROWSER)
    client = half_signed_in(person)
    page = client.post("/inloggen/herstelcode/", {"code": codes[0]}, follow=True).content.decode()
    assert "Je hebt geen herstelcodes meer." in page
    assert ">Maak nieuwe herstelcodes</button>" in page
    old = devices.authenticator_of(person)
    client.post(f"{BASE}/activeren/", {"replaces": old.pk})
    pending = devices.pending_authenticator_of(person)
    page = client.post(f"{BASE}/bevestigen/", {"code": phone(pending).now(), "name": ""}, follow=True).content.decode()
    assert len(set(shown_codes(page))) == devices.recovery_codes_left(person) == limits.RECOVERY_CODES


@pytest.mark.django_db
@pytest.mark.parametrize("left", [0, 3])
def test_who_has_few_codes_makes_new_ones_right_after_using_one(left: int) -> None:
    person = UserFactory(with_totp=True)
    codes = flows.make(person, ORIGIN)
    for code in codes[left + 1 :]:
        flows.use(person, code, ORIGIN, UNKNOWN_BROWSER)
    client = half_signed_in(person)
    page = client.post("/inloggen/herstelcode/", {"code": codes[0]}, follow=True).content.decode()
    assert 'action="/persoonlijke-gegevens/herstelcodes/nieuw/"' in page
    page = client.post("/persoonlijke-gegevens/herstelcodes/nieuw/", follow=True).content.decode()
    assert len(set(shown_codes(page))) == limits.RECOVERY_CODES


@pytest.mark.django_db
def test_who_has_codes_left_keeps_them_when_a_new_phone_is_linked() -> None:
    person = UserFactory(with_totp=True)
    codes = flows.make(person, ORIGIN)
    client = half_signed_in(person)
    page = client.post("/inloggen/herstelcode/", {"code": codes[0]}, follow=True).content.decode()
    assert "Maak nieuwe herstelcodes" not in page
    client.post(f"{BASE}/activeren/", {"replaces": devices.authenticator_of(person).pk})
    pending = devices.pending_authenticator_of(person)
    page = client.post(f"{BASE}/bevestigen/", {"code": phone(pending).now(), "name": ""}, follow=True).content.decode()
    assert shown_codes(page) == []
    assert flows.use(person, codes[1], ORIGIN, UNKNOWN_BROWSER).outcome is Outcome.ACCEPTED
