"""An abandoned screen of staff: what the browser asks by itself keeps no session alive. And odd words at the addresses
that anybody may post to."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpRequest
from django.utils import timezone

from accounts.active_sessions import lifetime
from accounts.active_sessions.models import Session
from tests.conftest import sign_in
from tests.factories import UserFactory
from tests.pages import CODE, CONFIRM, browser, half_signed_in, is_signed_in, session_row, signed_in

pytestmark = pytest.mark.django_db

AWAY = timedelta(minutes=16)
BY_ITSELF = ["/favicon.ico", "/manifest.webmanifest", "/robots.txt", "/healthz", "/readyz", "/csp-melding/"]


@pytest.mark.parametrize("address", [*BY_ITSELF, "/apple-touch-icon-precomposed.png", "/.well-known/traffic-advice"])
def test_what_a_browser_asks_by_itself_keeps_no_session_of_staff_alive(address: str) -> None:  # ASVS 7.3.1
    """Away too long for the administration is marked in the session, and saving it counted as user activity."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        before = session_row(client)
        clock.shift(AWAY)
        client.get(address)
        client.post(address, "{}", content_type="application/csp-report")
        after = session_row(client)
        assert (after.seen_at, after.expires_at) == (before.seen_at, before.expires_at)
        clock.shift(AWAY)
        assert not is_signed_in(client)


def test_half_a_sign_in_that_was_left_alone_does_not_close_the_administration_of_the_whole_one() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        worker = UserFactory(superuser=True, with_totp=True)
        client = half_signed_in(worker)
        clock.shift(AWAY)
        client.get(CODE)
        sign_in(client, worker)
        assert client.get("/beheer/").status_code == 200


ODD = [
    b"language=%00&next=%00&name=%00",
    b"language=en&next=/%ED%A0%80&name=%ED%A0%80",
    b"language=en&next=/x%0d%0aSet-Cookie:x",
    b"language=en&next=/%09/elders.example",
    b"language=en&next=/%5Celders.example",
    b"language=en&next=%2F%2F%2Felders.example",
    b"language[]=en&next[]=/&name[]=x",
    b"language=en&next=/" + b"%C3%A9" * 1990,
    b"language=en&name=" + b"n" * 5000,
]
REFERERS = [
    "https://[",
    "https://testserver//elders.example/",
    "https://testserver/\\elders.example",
    "https://testserver?x",
    "https://testserver/\xff\xfe\x00",
    "https://testserver/" + "%" * 8000,
    "https://test\u2100server/",
]


@pytest.mark.parametrize("who", ["stranger", "half", "person"])
@pytest.mark.parametrize(
    "address", ["/taal/", "/persoonlijke-gegevens/taal/", "/sessie/", "/sessie/verlengen/", f"{CONFIRM}meer-tijd/"]
)
def test_odd_words_are_no_fault_of_ours_and_lead_to_no_other_site(who: str, address: str) -> None:
    client = {"stranger": browser, "half": lambda: half_signed_in(UserFactory(with_totp=True))}.get(
        who, lambda: signed_in(UserFactory())
    )()
    for body in ODD:
        for referer in REFERERS:
            answer = client.post(
                address, body, content_type="application/x-www-form-urlencoded", headers={"referer": referer}
            )
            assert answer.status_code < 500
            assert not answer.headers.get("Location", "/").startswith(("//", "/\\", "http"))
            assert all("\r" not in value and "\n" not in value for value in answer.headers.values())
            assert all(len(cookie.OutputString()) <= 4096 for cookie in answer.cookies.values())  # ASVS 3.3.5


@pytest.mark.parametrize("sign", ["a", "%"])
def test_very_long_address_is_led_on_without_its_end_instead_of_an_error_in_the_log(
    sign: str, caplog: pytest.LogCaptureFixture
) -> None:
    long = sign * 20_000
    assert browser().get("/Inloggen/", QUERY_STRING=long).url == "/inloggen/"
    answer = browser().post("/sessie/verlengen/", headers={"referer": f"https://testserver/{long}"})
    assert answer.url == "/inloggen/?next=/"
    assert not [line for line in caplog.records if line.levelname == "ERROR"]


def test_session_that_ends_during_the_request_is_not_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Away too long for the administration: the session is saved at the end of this request."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        clock.shift(AWAY)
        in_portal = lifetime.in_portal

        def end_meanwhile(request: HttpRequest) -> object:
            Session.objects.all().delete()
            return in_portal(request)

        monkeypatch.setattr(lifetime, "in_portal", end_meanwhile)
        assert client.post("/sessie/verlengen/").status_code == 400
        assert not Session.objects.exists()
        assert not is_signed_in(client)


def test_mails_cannot_be_looked_at_in_production() -> None:
    for client in (browser(), signed_in(UserFactory(superuser=True, with_totp=True))):
        for address in ("", "invitation/", "invitation/nl/0/light/"):
            assert client.get(f"/ontwikkeling/mails/{address}").status_code == 404
            assert client.get(f"/Ontwikkeling/Mails/{address}").status_code == 404
