"""The real server behind proxies: the visitor's address, http or https, and no redirect loop."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.serving import raw_http
from tests.serving.separate_portal import HOST, Headers, Portal, running

HTTPS = ("X-Forwarded-Proto", "https")


@pytest.fixture(scope="module")
def portal(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """On `::`, where a proxy with IPv4 is seen as `::ffff:127.0.0.1`."""
    folder = tmp_path_factory.mktemp("behind")
    with running(folder, prepared, host="[::]", TRUSTED_PROXIES="127.0.0.1,10.1.0.0/16") as server:
        yield server


@pytest.fixture(scope="module")
def untrusting(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running(tmp_path_factory.mktemp("untrusting"), prepared) as server:
        yield server


def attempt(portal: Portal, headers: Headers) -> str | None:
    """Whose address the audit trail has for a wrong password that came with these headers."""
    page = portal.ask("/inloggen/", [HTTPS, ("X-Forwarded-For", "192.0.2.99")])
    cookie = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    fields = {"csrfmiddlewaretoken": raw_http.token(page.text), "username": "a@voorbeeld.nl", "password": "geraden"}
    extra = [("Cookie", cookie), ("Origin", f"https://{HOST}"), HTTPS]
    answer = portal.ask("/inloggen/", headers + extra, method="POST", body=urlencode(fields))
    assert answer.status == 302, answer.text
    with closing(sqlite3.connect(portal.database)) as database:
        return database.execute("SELECT address FROM audit_auditentry ORDER BY id DESC LIMIT 1").fetchone()[0]


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([("X-Forwarded-For", "203.0.113.7:51008")], "203.0.113.7"),
        ([("X-Forwarded-For", '"[2001:db8::1]:443"')], "2001:db8::1"),
        ([("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.8")], "203.0.113.8"),
        ([("x-forwarded-for", "198.51.100.1,203.0.113.9 , 10.1.2.3:80")], "203.0.113.9"),
        ([("X-Forwarded-For", "203.0.113.10"), ("X_Forwarded_For", "198.51.100.1")], "203.0.113.10"),
        ([("X_Forwarded_For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.11")], "203.0.113.11"),
        ([("X-Forwarded-For", "\xe9, 203.0.113.12")], "203.0.113.12"),
        ([("X-Forwarded-For", "unknown")], None),
        ([("X-Forwarded-For", "198.51.100.1, ")], None),
        ([("X-Real-IP", "198.51.100.1"), ("Forwarded", "for=198.51.100.1")], None),
    ],
)
def test_attempt_is_counted_for_whom_the_proxy_names(portal: Portal, headers: Headers, address: str | None) -> None:
    assert attempt(portal, headers) == address


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Forwarded-Proto", "https,https"), ("X-Forwarded-For", "203.0.113.7")],
        [("X-Forwarded-Proto", "HTTPS"), ("X-Forwarded-For", "203.0.113.7")],
        [("X-Forwarded-Proto", "http"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.7")],
        [("X-Forwarded-Proto", "https")],
    ],
)
def test_visitor_who_used_https_is_not_led_there_again(portal: Portal, headers: Headers) -> None:
    answer = portal.ask("/inloggen/", headers)
    assert answer.status == 200
    assert "strict-transport-security" in answer.headers


def test_visitor_who_used_http_is_led_to_the_public_address(portal: Portal, untrusting: Portal) -> None:
    headers = [("X-Forwarded-Proto", "http"), ("X-Forwarded-For", "203.0.113.7")]
    for answer in (portal.ask("/inloggen/?next=/", headers), untrusting.ask("/inloggen/?next=/")):
        assert (answer.status, answer.headers["location"]) == (301, f"https://{HOST}/inloggen/?next=/")


def faults(server: Portal) -> list[str]:
    return [line["message"] for line in server.log() if line["logger"] == "assetmaps.https"]


def test_proxy_that_does_not_say_https_gets_a_page_and_no_circle(portal: Portal) -> None:
    for headers in ([("X-Forwarded-For", "203.0.113.7")], [("X-Forwarded-Proto", "tls")], []):
        answer = portal.ask("/inloggen/", headers)
        assert answer.status == 503
        assert "location" not in answer.headers
        assert "Je kunt het portaal nu niet bereiken" in answer.text
    assert "nobody can reach the portal through this proxy: 127.0.0.1 sends no X-Forwarded-Proto." in faults(portal)
    told = [line for line in faults(portal) if line.startswith("Proxy 127.0.0.1 sends")]
    assert len(told) == 1, "once, however many requests show it"


def test_proxy_that_nobody_named_gets_a_page_and_no_circle(untrusting: Portal) -> None:
    for _ in range(3):
        answer = untrusting.ask("/inloggen/", [HTTPS, ("X-Forwarded-For", "203.0.113.7")])
        assert (answer.status, "location" in answer.headers) == (503, False)
    told = "127.0.0.1 sends X-Forwarded-For, X-Forwarded-Proto and is not in TRUSTED_PROXIES."
    assert faults(untrusting) == [f"nobody can reach the portal through this proxy: {told}"]


ODD_HOSTS = ["10.42.8.201:8000", "[2001:db8::9]:8000", "een onzin_host!", "", "elders.example", "\xe9.nl", "a" * 500]


@pytest.mark.parametrize("host", [*ODD_HOSTS, None])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_whatever_host_is_asked_for(
    untrusting: Portal, path: str, version: str, host: str | None
) -> None:
    assert_healthy(untrusting, path, version, host)


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/", "/readyz?probe=1"])
@pytest.mark.parametrize("host", ["elders.example", None])
def test_health_is_told_at_other_ways_to_write_the_address(untrusting: Portal, path: str, host: str | None) -> None:
    assert_healthy(untrusting, path, "1.1" if host else "1.0", host)


def assert_healthy(portal: Portal, path: str, version: str, host: str | None) -> None:
    lines = [f"GET {path} HTTP/{version}", "Connection: close", *([] if host is None else [f"Host: {host}"])]
    answer = portal.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))
    assert (answer.status, answer.text) == (200, "ok\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-length"] == "3"
    assert answer.headers["cache-control"] == "no-store"
    assert not [line for line in portal.log() if "exception" in line]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_to_who_wants_the_head_only(untrusting: Portal, path: str) -> None:
    answer = untrusting.ask(path, method="HEAD")
    assert (answer.status, answer.text, answer.headers["content-length"]) == (200, "", "3")


def test_portal_without_tables_or_files_is_alive_and_not_ready(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert server.ask("/healthz").status == 200
        answers = {(server.ask(path).status, server.ask(path).text) for path in ("/readyz", "/readyz/")}
        assert answers == {(503, "not ready\n")}
        told = [line["message"] for line in server.log() if line["logger"] == "assetmaps.readiness"]
    assert len(told) == 1
    assert told[0].startswith("not ready: migrations are missing, run migrate: ")
