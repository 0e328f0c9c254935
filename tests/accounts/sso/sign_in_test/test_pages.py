"""The test sign-in: shows what a sign-in would do, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Membership
from accounts.sso import callback
from accounts.sso import flows as sso
from accounts.sso.authentication_requests import Purpose
from accounts.sso.models import Connection, Identity
from accounts.sso.sign_in_test import flows
from environments.models import Access
from tests.accounts.sso.browsing import come_back, connect, domain, employee, led_to
from tests.accounts.sso.provider import Provider, query
from tests.conftest import browser, mails
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import session_key, shown, signed_in, text

pytestmark = pytest.mark.django_db

NEW = {"email": "nieuw@voorbeeld.nl", "given_name": "Nina", "family_name": "Nieuw"}


@pytest.fixture
def connection(provider: Provider) -> Connection:
    return connect(provider, enabled=False, missing_proof="ask_ours")


@pytest.fixture
def worker(connection: Connection) -> User:
    person = UserFactory(staff=True, with_totp=True, organisation=connection.organisation)
    person.user_permissions.add(Permission.objects.get(codename="change_organisation"))
    return person


@pytest.fixture
def client(worker: User) -> Client:
    return signed_in(worker)


def page_of(connection: Connection) -> str:
    return f"/beheer/sso/{connection.organisation.slug}/proef/"


def try_it(client: Client, provider: Provider, connection: Connection, **claims: Any) -> str:
    """The button, the provider, and the page with the result."""
    address = led_to(client.post(f"{page_of(connection)}beginnen/"))
    answer = come_back(client, connection, provider.sign_in(address, **claims))
    assert answer.url == page_of(connection)
    return shown(client, answer.url)


def world() -> list[object]:
    """Everything that a real sign-in would have changed."""
    return [list(model.objects.order_by("pk").values()) for model in (User, Identity, Membership, Access)] + [
        list(AuditEntry.objects.exclude(event="sso_tested").order_by("pk").values_list("pk", "event"))
    ]


def test_claims_and_the_person_are_shown_before_anything_is_switched_on(
    client: Client, provider: Provider, connection: Connection
) -> None:
    someone = employee(connection, first_name="Ans", last_name="Jansen")
    EnvironmentFactory(name="Bomen en groen", people=[someone], organisation=connection.organisation)
    page = try_it(client, provider, connection, department="Groen")
    assert f"Ans Jansen ({someone.email})" in page
    assert "De aanbieder liet een tweede stap zien." in page
    assert "Bomen en groen" in page
    assert "department" in page
    assert "Groen" in page
    assert not Connection.objects.get().enabled


def test_missing_time_of_sign_in_is_told_because_nobody_could_confirm_anything_then(
    client: Client, provider: Provider, connection: Connection
) -> None:
    employee(connection)
    missing = "de claim “auth_time” ontbreekt"
    assert missing in try_it(client, provider, connection, auth_time=None)
    assert missing not in try_it(client, provider, connection)


def test_nobody_is_made_linked_or_signed_in(
    client: Client, provider: Provider, connection: Connection, worker: User
) -> None:
    Connection.objects.update(make_on_arrival=True)
    domain(connection, "voorbeeld.nl")
    EnvironmentFactory(name="Wegen", organisation=connection.organisation, open_on_arrival=True)
    before, sent, key = world(), len(mails()), session_key(client)
    page = try_it(client, provider, connection, **NEW)
    assert "Een nieuw account: Nina Nieuw (nieuw@voorbeeld.nl)" in page
    assert "Wegen" in page
    assert world() == before
    assert len(mails()) == sent
    assert session_key(client) == key
    assert worker.email in shown(client, "/persoonlijke-gegevens/")


def test_visit_of_somebody_known_leaves_no_trace_either(
    client: Client, provider: Provider, connection: Connection
) -> None:
    employee(connection)
    before = world()
    try_it(client, provider, connection)
    assert world() == before


@pytest.mark.parametrize(
    ("fields", "claims", "sentence"),
    [
        ({"make_on_arrival": True}, {}, "geen bruikbaar e-mailadres"),
        ({"make_on_arrival": True}, {"email": "x@elders.nl"}, "hoort niet bij een maildomein"),
        ({"missing_proof": "refuse"}, {"amr": ["pwd"]}, "De tweede stap is niet aangetoond"),
    ],
)
def test_refusal_is_foreseen_with_its_reason(
    client: Client,
    provider: Provider,
    connection: Connection,
    fields: dict[str, Any],
    claims: dict[str, Any],
    sentence: str,
) -> None:
    domain(connection, "voorbeeld.nl")
    Connection.objects.update(**fields)
    page = try_it(client, provider, connection, **claims)
    assert "De koppeling werkt, maar deze persoon komt er niet in." in page
    assert sentence in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "er worden geen accounts gemaakt bij het eerste bezoek"),
        ({"make_on_arrival": True}, "Iemand heeft hier dit e-mailadres al."),
    ],
)
def test_account_that_is_not_linked_yet_does_not_make_the_test_a_failure(
    client: Client, provider: Provider, connection: Connection, fields: dict[str, Any], sentence: str
) -> None:
    domain(connection, "voorbeeld.nl")
    UserFactory(email="bezet@voorbeeld.nl")
    Connection.objects.update(**fields)
    page = try_it(client, provider, connection, email="bezet@voorbeeld.nl")
    assert "Gelukt." in page
    assert sentence in page


def test_success_stands_above_with_the_way_to_switch_on_and_claims_are_folded(
    client: Client, provider: Provider, connection: Connection
) -> None:
    Connection.objects.update(findings=[["reached", ""]])
    employee(connection)
    page = try_it(client, provider, connection)
    order = [page.index(part) for part in ("Gelukt.", "/inschakelen/", '<details class="more"', "Ontvangen claims")]
    assert order == sorted(order)
    assert "Het proefinloggen is niet gelukt." not in page


@pytest.mark.parametrize(
    ("reason", "place"),
    [("our_secret", "geheim/"), ("audience", "aanbieder/"), ("no_second_step", "tweede-stap/"), ("too_slow", "")],
)
def test_failure_leads_to_the_page_where_it_is_mended(
    client: Client, connection: Connection, reason: str, place: str
) -> None:
    session = client.session
    kept = {"organisation": connection.organisation_id, "at": timezone.now().isoformat(), "reason": reason}
    session[flows.SESSION_KEY] = kept
    session.save()
    page = shown(client, page_of(connection))
    here = f"/beheer/sso/{connection.organisation.slug}/"
    assert f"({reason})" in page
    assert (f'class="button" href="{here}{place}">Pas dit aan<' in page) is bool(place)
    assert "Pas dit aan" in page if place else "Pas dit aan" not in page


@pytest.mark.parametrize(
    ("vouching", "sentence"),
    [
        ("amr", "liet geen tweede stap zien"),
        ("agreement", "vertrouwen de tweede stap volgens afspraak"),
        ("ours", "vraagt om een eigen"),
    ],
)
def test_level_that_would_be_reached_is_told(
    client: Client, provider: Provider, connection: Connection, vouching: str, sentence: str
) -> None:
    employee(connection)
    Connection.objects.update(vouching=vouching)
    assert sentence in try_it(client, provider, connection, amr=["pwd"])


def test_success_opens_the_way_to_switching_on(client: Client, provider: Provider, connection: Connection) -> None:
    try_it(client, provider, connection)
    assert Connection.objects.get().tested_at is not None
    entry = AuditEntry.objects.get(event="sso_tested")
    assert (entry.organisation, entry.detail) == (connection.organisation, {"vouched": "claim"})


@pytest.mark.django_db(transaction=True)  # the provider is another thread, with a connection of its own
def test_test_of_settings_that_were_changed_meanwhile_shows_nothing_about_the_new_ones(
    provider: Provider, connection: Connection, worker: User
) -> None:
    session: dict[str, Any] = {}
    address = sso.begin(connection, Purpose.TEST, session, target="/", user=worker)
    result = callback.process(connection, provider.sign_in(str(address)), session, Origin(), signed_in=worker)
    Connection.objects.update(secret_set_at=timezone.now())
    flows.conclude(session, result, actor=worker, origin=Origin())
    assert session[flows.SESSION_KEY]["claims"]
    assert Connection.objects.get().tested_at is None


def test_failure_is_told_on_the_page_with_its_reason(
    client: Client, provider: Provider, connection: Connection
) -> None:
    connection.set_secret("verkeerd")
    connection.save()
    page = try_it(client, provider, connection)
    assert "Het proefinloggen is niet gelukt." in page
    assert "De aanbieder accepteert ons geheim of sleutelpaar niet." in page
    assert Connection.objects.get().tested_at is None


def test_provider_that_is_down_is_told_on_the_page(
    client: Client, provider: Provider, connection: Connection, settings: object
) -> None:
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = ["127.0.0.1:1"]
    Connection.objects.update(issuer="http://127.0.0.1:1")
    page = shown(client, f"{page_of(connection)}beginnen/", {})
    assert "De aanbieder gaf geen antwoord, of niet op tijd." in page


def test_person_who_refuses_there_is_told_so_without_what_the_provider_wrote(
    client: Client, provider: Provider, connection: Connection
) -> None:
    address = led_to(client.post(f"{page_of(connection)}beginnen/"))
    state = provider.sign_in(address)["state"]
    answer = {"error": "access_denied", "error_description": "<b>kwaad</b>", "state": state, "iss": provider.issuer}
    page = shown(client, come_back(client, connection, answer).url)
    assert "afgebroken" in page
    assert "kwaad" not in page


def test_claims_are_shown_as_text_and_bounded(client: Client, provider: Provider, connection: Connection) -> None:
    claims = {f"claim{number}": "x" for number in range(200)} | {"aaa": "<script>alert(1)</script>" + "y" * 9999}
    try_it(client, provider, connection, **claims)
    raw = client.get(page_of(connection)).content.decode()
    assert "<script>alert" not in raw
    assert raw.count("<dt>claim") < limits.SSO_TRIAL_CLAIMS
    assert "y" * (limits.SSO_TRIAL_VALUE + 1) not in raw


def test_other_administrator_in_the_same_browser_gets_nothing(
    client: Client, provider: Provider, connection: Connection, worker: User
) -> None:
    address = led_to(client.post(f"{page_of(connection)}beginnen/"))
    answer = provider.sign_in(address)
    session = client.session
    kept = session["sso_transactions"]
    other = signed_in(UserFactory(superuser=True, with_totp=True))
    theirs = other.session
    theirs["sso_transactions"] = kept
    theirs.save()
    assert come_back(other, connection, answer).status_code == 400
    assert "Ontvangen claims" not in shown(other, page_of(connection))
    assert Connection.objects.get().tested_at is None


def test_answer_in_a_browser_that_is_not_signed_in_shows_and_opens_nothing(
    client: Client, provider: Provider, connection: Connection
) -> None:
    address = led_to(client.post(f"{page_of(connection)}beginnen/"))
    stranger = browser()
    answer = come_back(stranger, connection, provider.sign_in(address))
    assert answer.status_code == 400
    assert stranger.get("/").status_code == 302


def test_answer_that_comes_twice_counts_once(client: Client, provider: Provider, connection: Connection) -> None:
    address = led_to(client.post(f"{page_of(connection)}beginnen/"))
    answer = provider.sign_in(address)
    come_back(client, connection, answer)
    assert come_back(client, connection, answer).status_code == 400
    assert AuditEntry.objects.filter(event="sso_tested").count() == 1


def test_result_is_shown_for_its_own_organisation_only(
    client: Client, provider: Provider, connection: Connection
) -> None:
    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    try_it(boss, provider, connection)
    other = connect(provider, enabled=False)
    assert "Ontvangen claims" not in shown(boss, page_of(other))
    assert "Ontvangen claims" in shown(boss, page_of(connection))


def test_own_test_does_not_sign_in_where_single_sign_on_is_off(
    client: Client, provider: Provider, connection: Connection
) -> None:
    """The answer to a test is accepted as a test only, whoever brings it."""
    someone = employee(connection)
    page = try_it(client, provider, connection)
    assert someone.email in page
    assert someone.email not in shown(client, "/persoonlijke-gegevens/")


def test_tests_are_bounded(
    client: Client, provider: Provider, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SSO_CHECKS", 1)
    client.post(f"{page_of(connection)}beginnen/")
    assert "Dit is net al een paar keer gevraagd." in shown(client, f"{page_of(connection)}beginnen/", {})
    connection.delete()
    told = get_messages(client.post(f"{page_of(connection)}beginnen/").wsgi_request)
    assert [str(message) for message in told] == ["Vul eerst de aanbieder in."]


@pytest.mark.parametrize("values", [{}, {"state": ""}, {"state": "x", "code": "y"}, {"error": "x"}])
def test_rubbish_at_the_callback_is_a_page(client: Client, connection: Connection, values: dict[str, str]) -> None:
    address = f"/inloggen/sso/{connection.organisation.slug}/callback/?{query(values)}"
    answer = client.get(address)
    assert answer.status_code == 400
    assert "<h1" in text(answer)
