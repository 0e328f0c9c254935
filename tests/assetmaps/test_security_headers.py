"""The headers on every kind of answer: page, error, redirect, static file, health, report, administration."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from csp.utils import build_policy
from django.conf import settings
from django.core.checks import run_checks
from django.test import Client, override_settings

from assetmaps import checks
from assetmaps.header_limits import REFUSED
from environments import tiles
from tests.conftest import sign_in
from tests.factories import UserFactory
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

ANSWERS = {
    "/inloggen/": 200,
    "/hulp/twee-staps-authenticatie/": 200,
    "/": 302,
    "/bestaat-niet/": 404,
    "/uitloggen/": 405,
    "/wachtwoord-instellen/": 410,
    "/healthz": 200,
    "/readyz": 200,
    "/static/css/assetmaps.css": 200,
    "/static/bestaat-niet.css": 404,
    "/csp-melding/": 405,
    "/beheer/": 302,
}


@pytest.fixture
def every_answer(client: Client, settings: object) -> dict[str, object]:
    settings.STATIC_ROOT = str(Path(settings.BASE_DIR) / "static")
    answers = {}
    for address, status in ANSWERS.items():
        answers[address] = client.get(address, secure=True)
        assert answers[address].status_code == status, address
    sign_in(client, UserFactory(with_totp=True, superuser=True))
    answers["/persoonlijke-gegevens/"] = client.get("/persoonlijke-gegevens/", secure=True)
    answers["/beheer/accounts/user/"] = client.get("/beheer/accounts/user/", secure=True)
    assert answers["/beheer/accounts/user/"].status_code == 200
    return answers


def directives(response: object) -> dict[str, str]:
    parts = response["Content-Security-Policy"].split("; ")
    return {name: value for name, _space, value in (part.partition(" ") for part in parts)}


def test_every_answer_has_a_policy_that_lets_nothing_foreign_in(every_answer: dict) -> None:
    # ASVS 3.4.3, 3.4.6, 3.4.7
    nonces = set()
    for address, response in every_answer.items():
        policy = directives(response)
        assert policy["default-src"] == "'none'", address
        assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'", address
        assert "unsafe" not in response["Content-Security-Policy"], address
        assert (policy["report-uri"], policy["report-to"]) == ("/csp-melding/", "csp"), address
        assert response["Reporting-Endpoints"] == 'csp="/csp-melding/"', address
        found = re.search(r"'nonce-([A-Za-z0-9+/=]{24})'", policy["script-src"])
        assert found, address
        nonces.add(found[1])
    assert len(nonces) == len(every_answer)  # a fresh one every time


def test_every_answer_has_the_other_defences(every_answer: dict) -> None:
    # ASVS 3.4.1, 3.4.2, 3.4.4, 3.4.8, 3.5.8, 13.4.6
    for address, response in every_answer.items():
        assert response["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload", address
        assert response["X-Content-Type-Options"] == "nosniff", address
        assert response["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert response["Cross-Origin-Resource-Policy"] == "same-origin", address
        assert "camera=()" in response["Permissions-Policy"], address
        assert "publickey-credentials-get=(self)" in response["Permissions-Policy"], address
        assert response["Server"] == "Assetmaps", address
        assert not [name for name in response.headers if name.startswith(("Access-Control", "X-Powered"))], address
        if response.streaming or response.content:
            assert 'charset="utf-8"' in response["Content-Type"].replace("=utf-8", '="utf-8"'), address


HEADERS = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "Reporting-Endpoints",
    "Server",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-Request-ID",
}


def test_answers_before_and_instead_of_a_view_have_every_header_too(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    monkeypatch.setattr(tiles, "overview", lambda *args: 1 / 0)
    person = signed_in(UserFactory(with_totp=True))
    person.raise_request_exception = False
    answers = {
        400: client.get("/inloggen/", secure=True, headers={"host": "elders.voorbeeld.nl"}),
        403: client.post("/inloggen/", {}, secure=True),
        405: client.generic("TRACE", "/", secure=True),
        413: client.generic("POST", "/inloggen/", CONTENT_LENGTH=str(10**9), secure=True),
        414: client.get("/", secure=True, **{REFUSED: 414}),
        431: client.get("/", secure=True, **{REFUSED: 431}),
        500: person.get("/", secure=True),
    }
    for status, response in answers.items():
        assert response.status_code == status
        assert set(response.headers) >= HEADERS, (status, HEADERS - set(response.headers))
        assert "nonce-" in response["Content-Security-Policy"], status
    assert len({response["X-Request-ID"] for response in answers.values()}) == len(answers)


def test_policy_is_the_one_that_django_csp_builds_for_the_nonce(client: Client) -> None:
    policy = directives(client.get("/inloggen/", secure=True))
    nonce = re.search(r"'nonce-([^']+)'", policy["script-src"])[1]
    assert len(base64.b64decode(nonce)) == 16
    whole = [part.partition(" ") for part in build_policy(nonce=nonce).split("; ")]
    assert policy == {name: value for name, _space, value in whole}


def test_pages_with_forms_say_whence_they_came_to_ourselves_and_the_rest_says_nothing(every_answer: dict) -> None:
    # ASVS 3.4.5
    for address, response in every_answer.items():
        page = response.status_code == 200 and response["Content-Type"].startswith("text/html")
        assert response["Referrer-Policy"] == ("same-origin" if page else "no-referrer"), address


def test_nothing_personal_and_no_error_is_kept_and_static_files_are(every_answer: dict) -> None:
    # ASVS 14.3.2, 14.2.2, 14.2.5
    for address, response in every_answer.items():
        if address == "/static/css/assetmaps.css":
            assert "public" in response["Cache-Control"]
        else:
            assert "no-store" in response["Cache-Control"], address


# NIST N12
def test_cookies_belong_to_this_host_alone(client: Client) -> None:
    # ASVS 3.3.1, 3.3.2, 3.3.3, 3.3.4
    person = UserFactory(with_totp=True)
    client.post("/inloggen/", {"username": person.email, "password": "verkeerd"})
    sign_in(client, person)
    client.get("/persoonlijke-gegevens/")
    response = client.post("/uitloggen/")
    cookies = {**client.cookies, **response.cookies}
    assert {"__Host-session", "__Host-csrf", "__Host-messages", "__Host-refused"} <= set(cookies)
    for name, morsel in cookies.items():
        assert name.startswith("__Host-"), name
        assert morsel["path"] == "/", name
        assert not morsel["domain"], name
        if morsel.value:
            assert morsel["httponly"], name
            assert morsel["secure"], name
            assert morsel["samesite"] in ("Lax", "Strict"), name


def test_tracing_is_refused_everywhere(client: Client) -> None:
    # ASVS 13.4.4
    for address in ANSWERS:
        for method in ("TRACE", "TRACK"):
            response = client.generic(method, address, secure=True)
            assert response.status_code == 405, address
            assert response["Allow"] == "GET, HEAD, POST"


def test_plain_http_goes_to_https_with_the_policy_on_the_redirect(settings: object) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client().get("/inloggen/")
    assert (response.status_code, response["Location"]) == (301, "https://mijn.assetmaps.nl/inloggen/")
    assert "nonce-" in response["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in response.headers  # RFC 6797 section 7.2: not over plain http


# NIST N4
def test_deployment_check_complains_about_a_public_address_without_encryption() -> None:
    # ASVS 13.4.2
    with override_settings(SECURE=False):
        assert [found.id for found in checks.public_url_is_encrypted(None)] == ["assetmaps.E001"]
        assert "assetmaps.E001" in [found.id for found in run_checks(include_deployment_checks=True)]
        assert "assetmaps.E001" not in [found.id for found in run_checks()]
    assert checks.public_url_is_encrypted(None) == []


def test_settings_for_http_on_ones_own_machine_have_no_https_only_parts() -> None:
    assert settings.SECURE  # the tests speak https; the other half is derived from the same switch
    text = (Path(settings.BASE_DIR) / "assetmaps" / "settings.py").read_text()
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert f"{name} = SECURE\n" in text
