"""Inloggen: the password, the target after it, and signing out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts import post_redirect_get as prg
from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.passwords.hashers import Argon2idHasher
from tests.codes import code_of
from tests.conftest import sign_in
from tests.factories import PASSWORD, UserFactory
from tests.pages import CODE, SIGN_IN, WRONG_PASSWORD, browser, half_signed_in, is_signed_in, session_key, shown, text

pytestmark = pytest.mark.django_db

NOT_OURS = [
    "//evil.example/",
    "https://evil.example/",
    "http:evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "\t//evil.example",
    "persoonlijke-gegevens/",
    "/" + "a" * 5000,
]


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Counts the slow hashes; they are still made."""
    made: list[str] = []
    for name in ("encode", "verify"):
        original = getattr(Argon2idHasher, name)

        def counted(self: Argon2idHasher, *args: object, _original: object = original, _name: str = name) -> object:
            made.append(_name)
            return _original(self, *args)

        monkeypatch.setattr(Argon2idHasher, name, counted)
    return made


def refused(client: Client, address: str, password: str) -> tuple:
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(SIGN_IN, {"username": address, "password": password})
    statements = [query["sql"].split()[0] for query in queries.captured_queries]
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", shown(client, answer.url)).replace(address, "…")
    return answer.status_code, answer.url, sorted(answer.headers), page, statements


def test_right_password_opens_the_overview(client: Client) -> None:
    person = UserFactory()
    answer = client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, "/")
    assert "<h1>Mijn Omgevingen</h1>" in shown(client, "/")


# ASVS 16.3.1
def test_wrong_password_is_refused_and_recorded(client: Client) -> None:
    person = UserFactory()
    assert WRONG_PASSWORD in shown(client, SIGN_IN, {"username": person.email, "password": "iets heel anders"})
    assert not is_signed_in(client)
    entry = AuditEntry.objects.get(event="password_refused")
    assert (entry.subject, entry.succeeded) == (person, False)


def test_refusal_tells_nothing_about_who_is_known() -> None:  # ASVS 6.3.8
    person, inactive = UserFactory(), UserFactory(is_active=False)
    answers = [refused(browser(), address, "iets heel anders") for address in (person.email, "niemand@voorbeeld.nl")]
    answers.append(refused(browser(), inactive.email, PASSWORD))
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0][4]) > 3


def test_every_refusal_costs_exactly_one_hash(client: Client, hashes: list[str]) -> None:  # ASVS 6.3.8
    person, inactive, invited = UserFactory(), UserFactory(is_active=False), UserFactory(password=make_password(None))
    for address in (person.email, "niemand@voorbeeld.nl", inactive.email, invited.email):
        hashes.clear()
        client.post(SIGN_IN, {"username": address, "password": "iets heel anders"})
        assert len(hashes) == 1, address


def test_inactive_person_is_refused_with_the_right_password(client: Client) -> None:
    person = UserFactory(is_active=False)
    assert WRONG_PASSWORD in shown(client, SIGN_IN, {"username": person.email, "password": PASSWORD})
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "typed", ["Anna.DeVries@Voorbeeld.NL", "anna.devries@voorbeeld.nl", "  ANNA.DEVRIES@VOORBEELD.NL "]
)
def test_case_and_spaces_around_the_address_do_not_matter(client: Client, typed: str) -> None:
    UserFactory(email="Anna.deVries@voorbeeld.nl")
    assert client.post(SIGN_IN, {"username": typed, "password": PASSWORD}).url == "/"


def test_password_is_compared_exactly_as_typed(client: Client) -> None:  # ASVS 6.2.8
    person = UserFactory()
    for typed in (PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1]):
        assert client.post(SIGN_IN, {"username": person.email, "password": typed}).url == SIGN_IN


def test_five_wrong_passwords_make_even_the_right_one_wait(client: Client) -> None:  # ASVS 6.3.1
    person = UserFactory()
    for _ in range(5):
        client.post(SIGN_IN, {"username": person.email, "password": "iets heel anders"})
    assert client.post(SIGN_IN, {"username": person.email, "password": PASSWORD}).url == CODE
    assert not is_signed_in(client)
    assert AuditEntry.objects.filter(event="password_refused").count() == 6


@pytest.mark.parametrize("target", NOT_OURS)
@pytest.mark.parametrize("way", ["posted", "in the address"])
def test_signing_in_leads_only_to_own_addresses(client: Client, target: str, way: str) -> None:  # ASVS 3.7.2
    person = UserFactory()
    values = {"username": person.email, "password": PASSWORD}
    if way == "posted":
        answer = client.post(SIGN_IN, values | {"next": target})
    else:
        answer = client.post(SIGN_IN, values, query_params={"next": target})
    assert answer.url == "/"


@pytest.mark.parametrize("target", NOT_OURS)
def test_second_step_leads_only_to_own_addresses(target: str) -> None:  # ASVS 3.7.2
    person = UserFactory(with_totp=True)
    client = half_signed_in(person, next=target)
    assert client.post(CODE, {"code": code_of(person)}).url == "/"


# ASVS 7.6.2
@pytest.mark.parametrize("with_totp", [False, True])
def test_followed_link_is_reached_after_signing_in(client: Client, with_totp: bool) -> None:
    person = UserFactory(with_totp=with_totp)
    sent = client.get("/persoonlijke-gegevens/wachtwoord/?van=mail")
    page = client.get(sent.url)
    assert 'name="next" value="/persoonlijke-gegevens/wachtwoord/?van=mail"' in text(page)
    assert sign_in(client, person, next=page.context["next"]).url == "/persoonlijke-gegevens/wachtwoord/?van=mail"


@pytest.mark.parametrize("address", ["/beheer/", "/beheer/accounts/user/?q=jansen"])
def test_link_into_the_administration_is_reached_after_signing_in(client: Client, address: str) -> None:
    person = UserFactory(superuser=True, with_totp=True)
    page = client.get(address, follow=True)
    assert sign_in(client, person, next=page.context["next"]).url == address


@pytest.mark.parametrize(("length", "status"), [(1000, 302), (5000, 400)])
def test_very_long_followed_link_is_not_an_error_of_ours(client: Client, length: int, status: int) -> None:
    answer = client.get("/", {"zoek": "é" * length})
    assert answer.status_code == status
    if status == 302:
        assert client.get(answer.url).status_code == 200


def test_who_is_signed_in_is_not_asked_again(client: Client) -> None:
    sign_in(client, UserFactory())
    assert client.get(SIGN_IN).url == "/"
    assert client.get(SIGN_IN, {"next": "/persoonlijke-gegevens/"}).url == "/persoonlijke-gegevens/"
    assert client.get(SIGN_IN, {"next": "//evil.example/"}).url == "/"


def test_signing_in_as_another_person_ends_the_first_session(client: Client) -> None:
    first, second = UserFactory(), UserFactory()
    sign_in(client, first)
    sign_in(client, second)
    assert list(Session.objects.values_list("user", flat=True)) == [second.pk]


def test_signing_out_takes_a_post(client: Client) -> None:  # ASVS 3.5.3
    sign_in(client, UserFactory())
    for method in (client.get, client.head):
        assert method("/uitloggen/").status_code == 405
    assert is_signed_in(client)


def test_signing_out_removes_the_session_and_is_recorded(client: Client) -> None:  # ASVS 7.4.1
    person = UserFactory()
    sign_in(client, person)
    assert "Je bent uitgelogd." in shown(client, "/uitloggen/", {})
    assert not Session.objects.exists()
    assert AuditEntry.objects.filter(event="signed_out", subject=person).exists()


def test_session_key_changes_at_password_and_at_code(client: Client) -> None:  # ASVS 7.2.4
    person = UserFactory(with_totp=True)
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    half = session_key(client)
    client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
    again = session_key(client)
    client.post(CODE, {"code": code_of(person)})
    full = session_key(client)
    assert len({half, again, full}) == 3
    assert Session.objects.count() == 1


def test_key_of_before_the_code_is_worthless_afterwards() -> None:
    person = UserFactory(with_totp=True)
    client = half_signed_in(person)
    thief = browser()
    thief.cookies.load({settings.SESSION_COOKIE_NAME: session_key(client)})
    client.post(CODE, {"code": code_of(person)})
    assert is_signed_in(client)
    assert not is_signed_in(thief)


# NIST N9
def test_session_cookie_ends_with_the_browser_and_is_closed_to_scripts(client: Client) -> None:  # ASVS 3.3.1, 3.3.4
    sign_in(client, UserFactory())
    cookie = client.cookies["__Host-session"]
    assert not cookie["max-age"]
    assert not cookie["expires"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert not cookie["domain"]


def test_session_key_is_not_readable_in_the_database(client: Client) -> None:
    sign_in(client, UserFactory())
    columns = Session.objects.values_list().get()
    assert not any(session_key(client) in str(value) for value in columns)


def test_first_look_at_the_page_touches_no_database(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):
        answer = client.get(SIGN_IN)
    assert answer.status_code == 200
    assert "__Host-session" not in answer.cookies


def test_refused_form_is_redirected_and_shown_once(client: Client) -> None:
    answer = client.post(SIGN_IN, {"username": "iemand@voorbeeld.nl", "password": "geheim-dat-niet-terugkomt"})
    assert (answer.status_code, answer.url) == (302, SIGN_IN)
    first, second = client.get(SIGN_IN), client.get(SIGN_IN)
    assert WRONG_PASSWORD in text(first)
    assert 'value="iemand@voorbeeld.nl"' in text(first)
    assert WRONG_PASSWORD not in text(second)
    assert "iemand@voorbeeld.nl" not in text(second)


def test_password_is_never_carried_back(client: Client) -> None:
    answer = client.post(SIGN_IN, {"username": "iemand@voorbeeld.nl", "password": "geheim-dat-niet-terugkomt"})
    carried = prg.signing.loads(answer.cookies[prg.COOKIE].value, salt=prg.SALT)
    assert carried["typed"] == {"username": "iemand@voorbeeld.nl"}
    assert "geheim" not in text(client.get(SIGN_IN))


def test_forged_carried_errors_are_ignored(client: Client) -> None:
    client.cookies["__Host-refused"] = "eyJwYWdlIjoiL2lubG9nZ2VuLyJ9:1abcde:vals"
    assert client.get(SIGN_IN).status_code == 200


def test_carried_cookie_stays_small_with_the_longest_input(client: Client) -> None:  # ASVS 3.3.5
    answer = client.post(SIGN_IN, {"username": "é" * limits.LONGEST_VALUE, "password": "x" * limits.LONGEST_VALUE})
    assert answer.status_code == 302
    assert all(len(morsel.OutputString()) < 4096 for morsel in answer.cookies.values())
    assert client.get(SIGN_IN).status_code == 200


@pytest.mark.parametrize("values", [{"username": ""}, {"username": "a\x00b", "password": "c\x00d"}])
def test_incomplete_and_odd_forms_are_refused_politely(client: Client, values: dict[str, str]) -> None:
    answer = client.post(SIGN_IN, values, follow=True)
    assert answer.status_code == 200
    assert 'class="errorlist"' in text(answer)
