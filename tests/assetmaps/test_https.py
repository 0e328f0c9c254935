"""Plain http: redirected to https, never in a loop. Through the real server: `tests/serving/test_behind_proxies.py`."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from assetmaps import https, logs
from assetmaps.proxy_headers import PEER, Peer
from tests.pages import text

PROXY, STRANGER = Peer("10.0.0.5", True), Peer("203.0.113.9", False)
FROM_PROXY = {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}


@pytest.fixture(autouse=True)
def _redirecting(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECURE_SSL_REDIRECT = True
    monkeypatch.setattr(logs, "_last_logged", {})


def ask(peer: Peer, **headers: str) -> object:
    return Client(**{PEER: peer}).get("/inloggen/?next=/", **headers)


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        (STRANGER, {}),
        (STRANGER, {"HTTP_COOKIE": "language=en; session=x", "HTTP_ORIGIN": "http://mijn.assetmaps.nl"}),
        (STRANGER, {"HTTP_REFERER": "https://mijn.assetmaps.nl.elders.example/"}),
        (STRANGER, {"HTTP_HOST": "mijn.assetmaps.nl:8000"}),
        (PROXY, FROM_PROXY | {"HTTP_X_FORWARDED_PROTO": "http"}),
        (PROXY, FROM_PROXY | {"HTTP_X_FORWARDED_PROTO": "HTTP", "HTTP_VIA": "1.1 proxy"}),
    ],
)
def test_visitor_who_used_http_is_led_to_the_public_address(peer: Peer, headers: dict[str, str]) -> None:
    answer = ask(peer, **headers)
    assert (answer.status_code, answer["Location"]) == (301, "https://mijn.assetmaps.nl/inloggen/?next=/")


FAULTS = [
    (PROXY, {}, "10.0.0.5 sends no X-Forwarded-Proto."),
    (PROXY, FROM_PROXY, "10.0.0.5 sends no X-Forwarded-Proto."),
    (PROXY, FROM_PROXY | {"HTTP_X_FORWARDED_SSL": "on"}, "10.0.0.5 sends no X-Forwarded-Proto."),
    (
        PROXY,
        FROM_PROXY | {"HTTP_X_FORWARDED_PROTO": "on"},
        "10.0.0.5 sends an X-Forwarded-Proto that is neither http nor https: 'on'.",
    ),
    (
        PROXY,
        FROM_PROXY | {"HTTP_X_FORWARDED_PROTO": "http", "HTTP_SEC_FETCH_SITE": "none"},
        "10.0.0.5 says X-Forwarded-Proto: 'http', but the browser sent Sec-Fetch-Site.",
    ),
    (
        STRANGER,
        FROM_PROXY | {"HTTP_X_FORWARDED_PROTO": "https"},
        "203.0.113.9 sends X-Forwarded-For, X-Forwarded-Proto and is not in TRUSTED_PROXIES.",
    ),
    (STRANGER, {"HTTP_FORWARDED": "proto=https"}, "203.0.113.9 sends Forwarded and is not in TRUSTED_PROXIES."),
    (STRANGER, {"HTTP_VIA": "1.1 proxy"}, "203.0.113.9 sends Via and is not in TRUSTED_PROXIES."),
    (
        STRANGER,
        {"HTTP_COOKIE": "a=b; __Host-session=x"},
        "the browser sent the cookie __Host-session, so https ends at 203.0.113.9, which is not in TRUSTED_PROXIES.",
    ),
    (
        STRANGER,
        {"HTTP_ORIGIN": "https://mijn.assetmaps.nl"},
        "the browser sent Origin: https://mijn.assetmaps.nl, so https ends at 203.0.113.9, "
        "which is not in TRUSTED_PROXIES.",
    ),
    (
        STRANGER,
        {"HTTP_REFERER": "https://mijn.assetmaps.nl/inloggen/"},
        "the browser sent Referer: https://mijn.assetmaps.nl, so https ends at 203.0.113.9, "
        "which is not in TRUSTED_PROXIES.",
    ),
]


@pytest.mark.parametrize(("peer", "headers", "told"), FAULTS)
def test_proxy_that_hides_https_ends_in_a_page_and_a_line_of_the_log(
    peer: Peer, headers: dict[str, str], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [ask(peer, **headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert "Location" not in answers[0]
    page = text(answers[0])
    assert "<h1>Je kunt het portaal nu niet bereiken</h1>" in page
    assert "10.0.0.5" not in page
    assert "Forwarded" not in page
    assert [line.getMessage() for line in caplog.records if line.name == https.__name__] == [
        f"nobody can reach the portal through this proxy: {told}"
    ], "once, not for every request"


@pytest.mark.parametrize(("peer", "headers", "told"), FAULTS)
@pytest.mark.parametrize("address", ["/healthz", "/healthz/"])
def test_health_is_asked_by_the_proxy_itself_and_so_without_its_headers(
    address: str, peer: Peer, headers: dict[str, str], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert Client(**{PEER: peer}).get(address, **headers).status_code == 200
    assert not caplog.records


def test_address_that_a_proxy_does_not_tell_is_in_the_log_once(
    settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SECURE_SSL_REDIRECT = False
    faulty = Peer("10.0.0.5", True, "Proxy 10.0.0.5 sends no X-Forwarded-For.")
    for _ in range(3):
        Client(**{PEER: faulty}).get("/bestaat-niet.txt")
    told = [(line.levelno, line.getMessage()) for line in caplog.records if line.name == https.__name__]
    assert told == [(logging.ERROR, "Proxy 10.0.0.5 sends no X-Forwarded-For.")]
