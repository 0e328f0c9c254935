"""What a visitor sees when something goes wrong, and what we see."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from accounts import context_processors, limits
from accounts.active_sessions.models import Session
from assetmaps import errors, logs
from assetmaps.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401
from tests.conftest import sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

REFERENCE = re.compile(r'<strong translate="no">([0-9A-Z]{5}-[0-9A-Z]{5})</strong>')


@login_not_required
def explode(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("het geheim is 123456 en " + "k" * 40)


@login_not_required
def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


@login_not_required
def slow_down(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=429, headers={"Retry-After": "60"})


def end_session(request: HttpRequest) -> HttpResponse:
    """Ends the session in hand elsewhere, and then writes to it."""
    request.session["touched"] = True
    Session.objects.all().delete()
    return HttpResponse("ok")


extra = [
    path("kapot/", explode),
    path("verboden/", forbid),
    path("langzaam/", slow_down),
    path("beeindigd/", end_session),
]
urlpatterns = [*extra, *urlpatterns]
broken = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


# ASVS 16.3.4
@broken
@pytest.mark.parametrize(
    ("method", "address", "status", "heading"),
    [
        ("GET", "/bestaat-niet/", 404, "Deze pagina bestaat niet"),
        ("GET", "/kapot/", 500, "Er ging bij ons iets mis"),
        ("GET", "/verboden/", 403, "Je mag deze pagina niet openen"),
        ("GET", "/langzaam/", 429, "Te veel verzoeken"),
        ("GET", "/uitloggen/", 405, "Dat kan niet op dit adres"),
        ("TRACE", "/", 405, "Dat kan niet op dit adres"),
    ],
)
def test_error_is_a_plain_dutch_page_with_a_number_that_is_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, method: str, address: str, status: int, heading: str
) -> None:
    # ASVS 16.5.1, 16.5.4
    caplog.handler.addFilter(logs.ReferenceFilter())
    response = client.generic(method, address, headers={"accept-language": "en"})
    text = response.content.decode()
    assert response.status_code == status
    assert f"<h1>{heading}</h1>" in text
    assert '<html lang="nl">' in text
    assert response["Content-Language"] == "nl"
    assert response["Cache-Control"] == "no-store"
    assert int(response["Content-Length"]) == len(response.content)  # else the server cuts the page off
    assert "nonce-" in response["Content-Security-Policy"]
    number = REFERENCE.search(text)[1]
    assert response["X-Request-ID"] == number
    assert "123456" not in text
    assert "Traceback" not in text
    if status != 429:
        assert number in {record.reference for record in caplog.records}


@broken
@pytest.mark.parametrize("address", ["/bestaat-niet/", "/verboden/", "/uitloggen/"])
def test_who_is_signed_in_keeps_the_header_and_gets_a_way_on(client: Client, address: str) -> None:
    signed_out = client.get(address).content.decode()
    for part in ('class="gear"', "Uitloggen", "<script"):
        assert part not in signed_out
    sign_in(client, UserFactory())
    page = client.get(address).content.decode()
    for part in ('class="gear"', "Uitloggen", '<a class="button" href="/">Naar Mijn Omgevingen</a>'):
        assert part in page


def test_error_in_the_administration_leads_back_to_it(client: Client) -> None:
    worker = UserFactory(staff=True, with_totp=True)
    sign_in(client, worker)
    for address in ("/beheer/bestaat-niet/", "/beheer/environments/environment/"):
        assert '<a class="button" href="/beheer/">Naar Beheer</a>' in client.get(address).content.decode()


def test_list_that_is_asked_for_wrongly_does_not_blame_the_database(client: Client) -> None:
    sign_in(client, UserFactory(superuser=True, with_totp=True))
    page = client.get("/beheer/auth/group/?e=1&name__bestaat_niet=1").content.decode()
    assert "<h1>Dit begrepen we niet</h1>" in page
    assert '<a class="button" href="/beheer/">Naar Beheer</a>' in page
    assert '<html lang="nl">' in page


@broken
def test_refusal_is_one_line_in_the_log_and_no_traceback(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/verboden/")
    told = [record for record in caplog.records if record.name == "django.request"]
    assert [(record.levelname, record.getMessage(), record.exc_info) for record in told] == [
        ("WARNING", "Forbidden: /verboden/", None)
    ]


@pytest.mark.parametrize(
    ("address", "headers"),
    [("/static/bestaat-niet.css", {}), ("/bestaat-niet.png", {"sec-fetch-dest": "image"})],
)
def test_missing_file_costs_no_more_than_who_asks(client: Client, address: str, headers: dict[str, str]) -> None:
    sign_in(client, UserFactory())
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address, headers=headers)
    assert page.status_code == 404
    assert 'class="gear"' not in page.content.decode()
    assert len(queries) <= 2  # the session with its person, as for every request


def test_page_is_shown_without_its_header_when_that_fails(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(request: HttpRequest) -> None:
        raise OperationalError("away")

    sign_in(client, UserFactory())
    monkeypatch.setattr(context_processors.lifetime, "in_portal", away)
    page = client.get("/bestaat-niet/")
    assert page.status_code == 404
    assert "<h1>Deze pagina bestaat niet</h1>" in page.content.decode()
    assert "without its header" in caplog.text


def test_number_is_another_one_each_time(client: Client) -> None:
    numbers = {client.get("/healthz")["X-Request-ID"] for _ in range(50)}
    assert len(numbers) == 50
    assert logs.reference.get() == ""  # and none is left behind for the next request of the thread


def test_number_that_a_visitor_sends_is_not_taken_over(client: Client) -> None:
    response = client.get("/healthz", headers={"x-request-id": "vals\r\nnog een regel", "portal.reference": "vals"})
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", response["X-Request-ID"])


def test_answer_405_keeps_its_allow_header(client: Client) -> None:
    assert client.get("/uitloggen/")["Allow"] == "POST"
    assert client.options("/inloggen/")["Allow"] == "GET, HEAD, POST"


def test_post_without_token_says_that_the_page_was_too_old(caplog: pytest.LogCaptureFixture) -> None:
    # ASVS 3.5.1, 16.3.3
    client = Client(enforce_csrf_checks=True)
    response = client.post("/inloggen/", {"username": "a@voorbeeld.nl", "password": "x"})
    assert response.status_code == 403
    assert "Deze pagina was te oud" in response.content.decode()
    assert "django.security.csrf" in {record.name for record in caplog.records}


def test_too_large_a_body_is_refused_before_it_is_read(client: Client) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        response = client.generic("POST", "/inloggen/", "x" * (limits.LARGEST_BODY + 1), content_type=kind)
        assert response.status_code == 413
        assert "Dit is te groot" in response.content.decode()


def test_too_large_a_body_is_refused_by_django_as_well(client: Client, settings: object) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert client.post("/inloggen/", {"username": "x" * 100}).status_code == 413


def test_unknown_host_name_is_a_plain_page(client: Client) -> None:
    response = client.get("/inloggen/", headers={"host": "kwaad.example"})
    assert response.status_code == 400
    assert "kwaad" not in response.content.decode()


@broken
def test_session_that_was_ended_elsewhere_meanwhile_says_so(client: Client) -> None:
    sign_in(client, UserFactory())
    response = client.get("/beeindigd/")
    assert response.status_code == 400
    assert "Je sessie is beëindigd" in response.content.decode()


def test_signed_in_people_read_errors_in_their_own_language(client: Client) -> None:
    sign_in(client, UserFactory(language="en"))
    response = client.get("/bestaat-niet/")
    assert "This page does not exist" in response.content.decode()
    assert '<html lang="en">' in response.content.decode()
    assert "This cannot be done" in client.put("/").content.decode()


def test_broken_template_still_gives_a_page(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    # ASVS 16.5.4
    monkeypatch.setattr(errors, "render_to_string", lambda *args: 1 / 0)
    response = client.get("/bestaat-niet/")
    assert response.status_code == 404
    assert "Er ging bij ons iets mis" in response.content.decode()
    assert response["X-Request-ID"] in response.content.decode()


def line_of(message: str, *args: object, **fields: object) -> str:
    record = logging.LogRecord("een.logger", logging.WARNING, "x.py", 1, message, args, None)
    for name, value in fields.items():
        setattr(record, name, value)
    logs.ReferenceFilter().filter(record)
    return logs.JsonFormatter().format(record)


def test_log_line_is_one_json_object_in_utc() -> None:
    # ASVS 16.2.2, 16.2.4
    line = json.loads(line_of("Not Found: %s", "/x/", status_code=404))
    assert line["time"].endswith("+00:00")
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "een.logger", "Not Found: /x/")
    assert line["status_code"] == 404


def test_log_line_stays_one_line_whatever_a_visitor_sends() -> None:
    # ASVS 16.4.1
    line = line_of("Not Found: %s", "/x\r\n{}\x00\x1b[2J\u2028\u0085\ud800")
    assert line.isascii()
    assert line.isprintable()


@pytest.mark.parametrize(
    "secret",
    [
        "eyJ1c2VyIjoxLCJwdXJwb3NlIjoicmVzZXQifQ:1vP0aB:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4",
        "abcdefghijklmnopqrstuvwxyz012345",
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    ],
)
def test_log_line_cuts_whatever_looks_like_a_key(secret: str) -> None:
    # ASVS 16.2.5
    assert secret not in line_of("Method Not Allowed (%s): %s", "PUT", f"/wachtwoord-instellen/{secret}/")
    try:
        raise ValueError(f"secret={secret}")
    except ValueError as mistake:
        line = line_of("broken", exc_info=(type(mistake), mistake, mistake.__traceback__))
    assert secret not in line
    assert "test_log_line_cuts" in line  # the traceback itself is there
