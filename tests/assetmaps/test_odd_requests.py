"""What a visitor sees when something is wrong with the request."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.sign_in.password import views
from tests.conftest import sign_in
from tests.factories import UserFactory
from tests.pages import SIGN_IN, browser, signed_in, text

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=utf-7", b"username=a"),
        (f"{FORM}; charset=utf-7", b"username=a"),
        (f"{FORM}; charset=bestaat-niet", b"username=a"),
        (f"{FORM}; charset=", b"username=a"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=é", b"x"),
        ("multipart/form-data; boundary=x; charset=utf-7", b"--x\r\n\r\n--x--"),
        ("application/json", b'{"username":'),
        ("", b""),
        ("zomaar", b"\xff\xfe\x00"),
        (FORM, b"username=%00&password=%00"),
        (FORM, b"username=%ff%fe&password=%ED%A0%80"),
        (FORM, b"&".join(b"a%d=1" % n for n in range(1500))),
        (FORM, b"username=" + b"a" * 900_000),
    ],
)
@pytest.mark.parametrize("address", [SIGN_IN, "/wachtwoord-vergeten/", "/uitloggen/"])
def test_odd_post_is_never_an_error_of_ours(address: str, content_type: str, body: bytes) -> None:
    answer = browser(raise_request_exception=False).generic("POST", address, body, content_type)
    assert answer.status_code in (200, 302, 400, 403, 413)
    if answer.status_code == 400:
        assert '<html lang="nl">' in text(answer)


@pytest.mark.parametrize("address", ["/persoonlijke-gegevens/", "/persoonlijke-gegevens/wachtwoord/"])
def test_odd_post_of_somebody_who_is_signed_in_is_no_error_of_ours(address: str) -> None:
    client = signed_in(UserFactory())
    client.raise_request_exception = False
    for content_type in ("text/html; charset=utf-7", "multipart/form-data", f"{FORM}; charset=utf-16"):
        assert client.generic("POST", address, b"first_name=a", content_type).status_code in (200, 302, 400)


@pytest.mark.parametrize("query", ["next=%00", "next=%ff", "next=%0d%0aSet-Cookie:x", "%00=%00", "next=" + "a" * 20000])
def test_odd_address_is_never_an_error_of_ours(query: str) -> None:
    for address in (SIGN_IN, "/", "/beheer/", "/wachtwoord-vergeten/"):
        answer = browser(raise_request_exception=False).get(f"{address}?{query}")
        assert answer.status_code in (200, 302, 400, 414), address


@pytest.mark.parametrize("address", ["/bestaat-niet/", "/%00/", "/inloggen/%ff/", "/omgevingen/a b/", "/.env"])
def test_unknown_address_is_told_in_dutch(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "<h1>Deze pagina bestaat niet</h1>" in text(answer)
    assert '<html lang="nl">' in text(answer)


def test_error_page_names_the_language_it_is_in() -> None:
    answer = signed_in(UserFactory(language="en")).get("/bestaat-niet/")
    assert "<h1>This page does not exist</h1>" in text(answer)
    assert '<html lang="en">' in text(answer)


def test_form_without_our_token_is_refused_in_dutch() -> None:  # ASVS 3.5.1
    client = browser(enforce_csrf_checks=True)
    for address in (SIGN_IN, "/uitloggen/", "/wachtwoord-vergeten/", "/inloggen/verificatie/"):
        answer = client.post(address, {"username": "a", "password": "b"}, headers={"origin": "https://testserver"})
        assert answer.status_code == 403, address
        assert "<h1>Deze pagina was te oud</h1>" in text(answer)


def test_form_from_another_site_is_refused(client: Client) -> None:  # ASVS 3.5.1
    strict = browser(enforce_csrf_checks=True)
    token = strict.get(SIGN_IN).context["csrf_token"]
    values = {"username": "a", "password": "b", "csrfmiddlewaretoken": str(token)}
    assert strict.post(SIGN_IN, values, headers={"origin": "https://testserver"}).status_code == 302
    assert strict.post(SIGN_IN, values).status_code == 403, "over https, whence is not optional"
    assert strict.post(SIGN_IN, values, headers={"origin": "https://evil.example"}).status_code == 403


def test_every_changing_page_demands_our_token() -> None:  # ASVS 3.5.1
    client = browser(enforce_csrf_checks=True)
    person = UserFactory(superuser=True, with_totp=True)
    client.handler.enforce_csrf_checks = False
    sign_in(client, person)
    client.handler.enforce_csrf_checks = True
    details = "/persoonlijke-gegevens/"
    second_step = f"{details}twee-staps-authenticatie/"
    pages = [details, f"{details}wachtwoord/", f"{second_step}activeren/", f"{second_step}bevestigen/"]
    pages += [f"{second_step}uitschakelen/", f"/beheer/support/{person.pk}/herstellen/", "/beheer/accounts/user/add/"]
    for address in pages:
        assert client.post(address, {"code": "123456"}).status_code == 403, address


@pytest.mark.parametrize(("method", "address"), [("get", "/uitloggen/"), ("put", SIGN_IN), ("delete", SIGN_IN)])
def test_method_that_is_not_allowed_is_told(client: Client, method: str, address: str) -> None:
    answer = getattr(client, method)(address)
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]


def test_mistake_of_ours_is_told_without_detail(monkeypatch: pytest.MonkeyPatch) -> None:  # ASVS 16.5.1, 16.5.4
    def break_down(*args: object) -> None:
        raise RuntimeError("geheime bijzonderheid")

    monkeypatch.setattr(views.flows, "check_password", break_down)
    client = browser(raise_request_exception=False)
    answer = client.post(SIGN_IN, {"username": "a@b.nl", "password": "b"})
    assert answer.status_code == 500
    assert "<h1>Er ging bij ons iets mis</h1>" in text(answer)
    assert "geheime" not in text(answer)


# ASVS 13.4.5
def test_alive_and_ready_say_so_in_plain_text(client: Client) -> None:
    for address in ("/healthz", "/readyz"):
        answer = client.get(address)
        assert (answer.status_code, answer.content, answer["Content-Type"]) == (
            200,
            b"ok\n",
            "text/plain; charset=utf-8",
        )
