"""The proxy in front, as `deploy/nginx.conf` sets it up, with the real portal behind it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.urls import get_resolver

from accounts import limits
from tests import server
from tests.provider import free_port
from tests.serving import nginx
from tests.serving.conftest import environment
from tests.serving.raw_http import HOST, STRANGER, TIMEOUT, Answer, RawConnection, wait_until
from tests.test_structure import walk

COOKIE = b"Cookie: __Host-csrf=" + b"a" * 32
ATTACKER, VISITOR = STRANGER, "127.0.0.3"
PICTURE = "/beheer/omgevingen/1/afbeelding/"


@pytest.fixture(scope="module")
def proxy(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of nginx before a portal with two workers."""
    if not nginx.PROGRAM:
        pytest.skip(f"{nginx.MISSING}; the tests of the proxy in front are left out")
    folder, portal = tmp_path_factory.mktemp("nginx"), free_port("127.0.0.1")
    more = {"DJANGO_SETTINGS_MODULE": "tests.serving.slow_pages", "WRITTEN": str(folder / "written")}
    process = server.start(f"http://127.0.0.1:{portal}", "--workers", "2", env=environment(**more))
    try:
        with nginx.running(folder, portal) as port:
            yield port
    finally:
        process.terminate()
        process.wait(TIMEOUT)


class Encrypted(RawConnection):
    def __init__(self, port: int, source: str = VISITOR) -> None:
        super().__init__(port, source)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname=HOST)
        self._file = self.socket.makefile("rb")


def request(target: str, *headers: bytes, method: str = "GET", body: bytes | None = None) -> bytes:
    """As a browser sends it."""
    lines = [f"{method} {target} HTTP/1.1\r\nHost: {HOST}".encode(), *headers]
    if body is not None:
        lines += [b"Content-Length: %d" % len(body), b"Content-Type: application/x-www-form-urlencoded"]
    return b"\r\n".join([*lines, b"", body or b""])


def ask(port: int, *parts: bytes, source: str = VISITOR) -> Answer | None:
    with Encrypted(port, source) as wire:
        return wire.send(*parts).answer()


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (RawConnection, ()),
        (Encrypted, ()),
        (Encrypted, (b"POST /inloggen/ HTTP/1.1\r\nHost:",)),
        (Encrypted, (request("/inloggen/", COOKIE, method="POST", body=b"a" * 500)[:-490],)),
    ],
    ids=["nothing", "TLS and nothing", "half a head", "half a body"],
)
def test_500_silent_sockets_of_one_address_stop_nobody(
    proxy: int, kind: type[RawConnection], parts: tuple[bytes, ...]
) -> None:
    with ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(kind(proxy, ATTACKER)).send(*parts)
        assert ask(proxy, request("/healthz")).text == "ok\n"
        assert "Inloggen" in ask(proxy, request("/inloggen/")).text
        form = request("/inloggen/", COOKIE, f"Origin: https://{HOST}".encode(), method="POST", body=b"username=a")
        assert ask(proxy, form).status == 302  # "This page stood open too long"


def test_network_has_a_bound_of_requests_under_way(proxy: int) -> None:
    half = request("/inloggen/", COOKIE, method="POST", body=b"a" * 500)[:-490]
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(Encrypted(proxy, ATTACKER)).send(half)
        answers: list[Answer] = []

        def is_refused() -> bool:
            # On a slow machine the first have had their time before the last begin.
            stack.enter_context(Encrypted(proxy, ATTACKER)).send(half)
            answers.append(ask(proxy, request("/healthz"), source=ATTACKER))
            return answers[-1].status == 429

        wait_until(is_refused)
        refused = answers[-1]
        assert refused.headers["retry-after"] == "10"
        assert "Te veel verzoeken" in refused.text
        assert ask(proxy, request("/healthz")).status == 200


def test_portal_sees_the_visitor_whatever_a_visitor_writes(proxy: int) -> None:
    forged = [b"X-Forwarded-For: 192.0.2.1", b"X-Forwarded-Proto: http", b"X_Forwarded_For: 192.0.2.2"]
    assert ask(proxy, request("/wie", *forged)).text == f"{VISITOR} https {HOST}"


def test_cookies_outside_ascii_arrive(proxy: int) -> None:
    foreign = "Cookie: naam=José; __Host-language=en".encode()
    assert '<html lang="en">' in ask(proxy, request("/inloggen/", foreign)).text


def test_bodies_are_as_large_as_the_portal_takes_them(proxy: int) -> None:
    refused = ask(proxy, request("/inloggen/", COOKIE, method="POST", body=b"a" * 1_100_000))
    assert (refused.status, "Dit is te groot" in refused.text) == (413, True)
    picture = request(PICTURE, COOKIE, method="POST", body=b"a" * limits.LARGEST_PICTURE_BODY)
    assert ask(proxy, picture).status == 403
    assert ask(proxy, picture.replace(b"8100000", b"8400000") + b"a" * 300_000).status == 413


def test_large_cookies_reach_the_portal_and_larger_ones_get_a_page(proxy: int) -> None:
    assert ask(proxy, request("/inloggen/", b"Cookie: x=" + b"a" * 30_000)).status == 200
    refused = ask(proxy, request("/inloggen/", b"Cookie: x=" + b"a" * 40_000))
    assert (refused.status, "Verwijder de cookies" in refused.text) == (431, True)


def test_form_is_not_sent_twice_when_the_server_dies(proxy: int) -> None:
    answer = ask(proxy, request("/sterf", method="POST", body=b"a=b"))
    assert (answer.status, "even niet bereikbaar" in answer.text) == (503, True)
    assert ask(proxy, request("/gestorven")).text == "1"


def test_one_address_behind_each_other_gets_through(proxy: int) -> None:
    with Encrypted(proxy) as wire:
        assert [wire.send(request("/healthz")).answer().status for _ in range(50)] == [200] * 50


def test_numbers_fit_those_of_the_portal() -> None:
    text = (server.ROOT / "deploy" / "nginx.conf").read_text()
    keeps = int(re.search(r"keepalive_timeout (\d+)s;\n}", text)[1])
    assert keeps < limits.KEPT_ALIVE.total_seconds()
    assert f"client_max_body_size {limits.LARGEST_PICTURE_BODY // 1000}k" in text


def test_every_address_that_takes_files_is_in_it() -> None:
    text = (server.ROOT / "deploy" / "nginx.conf").read_text()
    large = re.search(r"location ~ (\S+) {", text)[1]
    taking = {
        "/" + re.sub(r"<.*?>", "1", route): view.largest_body
        for _name, route, view in walk(get_resolver().url_patterns)
        if hasattr(view, "largest_body")
    }
    assert PICTURE in taking
    assert all(re.match(large, address) for address in taking)
    assert max(taking.values()) == limits.LARGEST_PICTURE_BODY
