"""What the pages of the second factor ask of the database, after the middleware has let the request in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import policy
from accounts.active_sessions.store import SessionStore
from accounts.organisations.models import Organisation, PasskeyFor, StaffPolicy
from accounts.sso.models import Connection
from accounts.two_factor import devices
from accounts.two_factor.models import Authenticator
from tests.clock import later
from tests.codes import phone
from tests.factories import OrganisationFactory, PasskeyFactory, UserFactory
from tests.pages import ACTIVATE, CONFIRM, DETAILS, signed_in
from tests.statements import CONTROL, statements

pytestmark = pytest.mark.django_db(transaction=True)

CODES = "/persoonlijke-gegevens/herstelcodes/"
DEVICE, CODE_SET, CODE = "two_factor_authenticator", "two_factor_recoverycodeset", "two_factor_recoverycode"
PERSON, SESSION, ENTRY = "accounts_user", "active_sessions_session", "audit_auditentry"
MAIL = [("INSERT", "mail_outgoingmail"), ("INSERT", "django_tasks_database_dbtaskresult")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[tuple[str, str]]]:
    """Do something in a browser, and return the kind and the table of each statement of its view."""
    decided: list[int] = []
    decide = policy.decide

    def noting(facts: policy.Facts) -> policy.Decision:
        decided.append(len(connection.queries_log))
        return decide(facts)

    monkeypatch.setattr(policy, "decide", noting)

    def of(visit: Callable[[], object]) -> list[tuple[str, str]]:
        with CaptureQueriesContext(connection) as captured:
            assert visit().status_code in (200, 302)
        texts = [query["sql"] for query in captured.captured_queries[decided[-1] - captured.initial_queries :]]
        return [statement(text) for text in texts if not text.startswith(CONTROL)]

    return of


def statement(text: str) -> tuple[str, str]:
    while (outer := re.sub(r"\([^()]*\)", "", text)) != text:
        text = outer
    return text.split()[0], re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', text)[1]


def begun() -> tuple[Client, Authenticator]:
    """Somebody who has just seen the QR code."""
    client = signed_in(person := UserFactory(organisation=OrganisationFactory()))
    client.post(ACTIVATE)
    return client, Authenticator.objects.get(user=person)


def test_a_set_up_begins_with_one_statement(asked: Callable) -> None:
    client = signed_in(UserFactory(organisation=OrganisationFactory()))
    assert asked(lambda: client.get(DETAILS)) == []
    assert asked(lambda: client.post(ACTIVATE)) == [("INSERT", DEVICE)]


def test_the_qr_code_takes_none(asked: Callable) -> None:
    client, _device = begun()
    assert asked(lambda: client.get(CONFIRM)) == []


def test_confirming_reads_under_the_lock_and_writes_each_table_once(asked: Callable) -> None:
    client, device = begun()
    typed = {"code": phone(device).now(), "name": "Telefoon"}
    assert asked(lambda: client.post(CONFIRM, typed)) == [
        ("UPDATE", PERSON),  # no browser is known any more; the lock of the rest
        ("SELECT", PERSON),
        ("INSERT", ENTRY),
        *MAIL,
        ("SELECT", ENTRY),  # did the address change? Then the earlier one is told as well
        ("UPDATE", DEVICE),
        ("INSERT", CODE_SET),
        ("INSERT", CODE),
        ("UPDATE", SESSION),
    ]


def test_recovery_codes_are_shown_with_one_made_anew_with_seven_and_put_away_with_one(asked: Callable) -> None:
    client, device = begun()
    client.post(CONFIRM, {"code": phone(device).now(), "name": "Telefoon"})
    assert asked(lambda: client.get(CODES)) == [("SELECT", PERSON)]
    assert asked(lambda: client.post(f"{CODES}bewaard/")) == [("UPDATE", SESSION)]
    assert asked(lambda: client.post(f"{CODES}nieuw/")) == [
        ("SELECT", PERSON),  # the lock
        ("SELECT", PERSON),
        ("DELETE", CODE),
        ("UPDATE", CODE_SET),
        ("INSERT", CODE),
        ("INSERT", ENTRY),
        *MAIL,
        ("SELECT", ENTRY),  # as above
        ("UPDATE", SESSION),
    ]


def test_before_the_view_the_session_is_read_with_all_that_the_middleware_asks() -> None:
    client, device = begun()
    with statements() as without_factor:
        client.get(CONFIRM)
    client.post(CONFIRM, {"code": phone(device).now(), "name": "Telefoon"})
    with statements() as verified:
        client.get("/")
    assert without_factor == [f"SELECT {SESSION}"]
    assert verified == [f"SELECT {SESSION}", "SELECT environments_access"]


@pytest.mark.parametrize("by", ["nobody", "the portal", "the organisation"])
def test_announced_demand_for_passkeys_costs_staff_who_sign_in_by_code_no_statement(by: str) -> None:
    organisation = OrganisationFactory(slug="voorbeeld")
    worker = UserFactory(staff=True, with_totp=True, organisation=organisation)
    PasskeyFactory(user=worker)
    tomorrow = timezone.localdate() + timedelta(days=1)
    if by == "the portal":
        StaffPolicy.objects.create(passkey_from=tomorrow)
    elif by == "the organisation":
        Organisation.objects.update(passkey_for=PasskeyFor.STAFF, passkey_from=tomorrow)
    client = signed_in(worker)
    with statements() as landing:
        assert client.get("/").status_code == 200
    rights = ["SELECT auth_permission"] * 2  # for the menu
    assert landing == [f"SELECT {SESSION}", "SELECT environments_access", *rights]
    with later(timedelta(days=1)):  # the same statements tell that the day has come
        client = signed_in(worker)
        assert client.get("/").status_code == (200 if by == "nobody" else 302)


def test_devices_are_those_of_the_person_and_asked_anew_once_the_session_was_written() -> None:
    person, other = UserFactory(with_totp=True), UserFactory(with_totp=True)
    Authenticator.objects.create(user=person, name="Tablet", confirmed=False, sealed_secret=b"x", void_steps=[7])
    written = SessionStore()
    written[SESSION_KEY] = str(person.pk)
    written.save()
    session = SessionStore(written.session_key)
    session.get(SESSION_KEY)
    columns = [column.attname for column in Authenticator._meta.concrete_fields]
    with statements() as asked:
        found = devices.read_with(session, person)
    assert asked == []
    of_the_orm = {one.pk: one for one in Authenticator.objects.filter(user=person)}
    assert len(found) == len(of_the_orm) == 2
    for one in found:
        assert [getattr(one, name) for name in columns] == [getattr(of_the_orm[one.pk], name) for name in columns]
    assert [one.user_id for one in devices.read_with(session, other)] == [other.pk]
    Authenticator.objects.filter(user=person, confirmed=True).delete()
    session["changed"] = True
    session.save()
    assert [one.confirmed for one in devices.read_with(session, person)] == [False]


def test_personal_details_ask_how_many_codes_are_left_and_about_a_business_account_where_there_is_one(
    asked: Callable,
) -> None:
    client, device = begun()
    client.post(CONFIRM, {"code": phone(device).now(), "name": "Telefoon"})
    assert asked(lambda: client.get(DETAILS)) == [("SELECT", PERSON)]
    here = device.user.membership.organisation
    Connection.objects.create(organisation=here, enabled=True, issuer="https://idp.test")
    assert asked(lambda: client.get(DETAILS)) == [
        ("SELECT", PERSON),
        ("SELECT", "sso_connection"),
        ("SELECT", "sso_identity"),
    ]
