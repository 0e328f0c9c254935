"""Clients that send or read slowly, or not at all, block nobody else."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from accounts import limits
from tests.serving.raw_http import PROXY, STRANGER, RawConnection, ask, request, wait_until

COOKIE = b"Cookie: __Host-csrf=" + b"a" * 32
LOGOUT_TOKEN = "/inloggen/sso/gemeente-voorbeeld/backchannel-logout/"


def post(target: str, length: int, *headers: bytes) -> bytes:
    """The head of a form of so many bytes."""
    kind = b"Content-Type: application/x-www-form-urlencoded"
    return request(target, b"Content-Length: %d" % length, kind, *headers, method="POST")


@contextmanager
def open_connections(
    port: int, number: int, *parts: bytes, source: str = PROXY, receive: int = 0
) -> Iterator[list[RawConnection]]:
    with ExitStack() as stack:
        yield [stack.enter_context(RawConnection(port, source, receive)).send(*parts) for _ in range(number)]


def is_served(port: int, source: str = PROXY) -> bool:
    answers = [ask(port, request(page), source=source) for page in ("/healthz", "/inloggen/")]
    return all(answer is not None and answer.status == 200 for answer in answers)


@pytest.mark.parametrize(
    "parts",
    [(), (b"POST /inloggen/ HTTP/1.1\r\nHost:",), (post("/inloggen/", 500, COOKIE), b"username=a"), (request("/"),)],
    ids=["nothing", "half a head", "half a body", "no reading"],
)
@pytest.mark.parametrize("source", [PROXY, STRANGER])
def test_540_silent_sockets_stop_nobody(portal: int, parts: tuple[bytes, ...], source: str) -> None:
    """Not even others at the same address."""
    with open_connections(portal, 540, *parts, source=source):
        if source == STRANGER and parts == (request("/"),):
            # A hundred whole requests of one address may all be on their way to an answer: the next waits for one.
            wait_until(lambda: is_served(portal, source))
        assert is_served(portal, source)
        assert ask(portal, post("/inloggen/", 10, COOKIE), b"username=a", source=source).status in (302, 403)


@pytest.mark.parametrize(
    ("target", "status"), [("/inloggen/", 403), ("/bestaat-niet/", 404), ("/", 403), ("/beheer/", 403)]
)
@pytest.mark.parametrize("expects", [b"Expect: 100-continue", b"Expect: nothing"])
def test_body_is_not_waited_for_where_nothing_of_ours_comes_along(
    portal: int, target: str, status: int, expects: bytes
) -> None:
    with RawConnection(portal) as wire:
        answer = wire.send(post(target, 500, b"Cookie: naam=x", expects)).answer()
        assert (answer.status, answer.closes, '<html lang="nl">' in answer.text) == (status, True, True)


@pytest.mark.parametrize("head", [b"Content-Length: 2000000", b"Transfer-Encoding: chunked"])
def test_rest_of_an_unwanted_body_does_not_break_the_answer(portal: int, head: bytes) -> None:
    body = b"a" * 2_000_000 if b"Length" in head else b"1e8480\r\n" + b"a" * 2_000_000 + b"\r\n0\r\n\r\n"
    answer = ask(portal, request("/inloggen/", head, method="POST"), body)
    assert (answer.status, answer.closes) == (403, True)


@pytest.mark.parametrize(
    ("target", "largest"),
    [
        ("/inloggen/", limits.LARGEST_BODY),
        ("/beheer/omgevingen/1/afbeelding/", limits.LARGEST_PICTURE_BODY),
    ],
)
def test_too_large_a_body_is_refused_before_it_comes(portal: int, target: str, largest: int) -> None:
    with RawConnection(portal) as wire:
        answer = wire.send(post(target, largest + 1, COOKIE)).answer()
    assert (answer.status, answer.closes, "Dit is te groot" in answer.text) == (413, True, True)
    with RawConnection(portal) as wire:
        wire.send(post(target, largest, COOKIE, b"Expect: 100-continue"))
        assert wire.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_body_without_a_length_is_counted(portal: int) -> None:
    head = request("/inloggen/", b"Transfer-Encoding: chunked", COOKIE, method="POST")
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    assert ask(portal, head, *[chunk] * 16).status == 413
    assert ask(portal, head, chunk, b"0\r\n\r\n").status == 403


@pytest.mark.parametrize(("target", "status"), [("/csp-melding/", {204}), (LOGOUT_TOKEN, {400, 404})])
def test_body_of_other_programs_is_read_without_a_cookie(portal: int, target: str, status: set[int]) -> None:
    with RawConnection(portal) as wire:
        wire.send(post(target, 2))
        wire.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            wire.socket.recv(1)
        wire.socket.settimeout(20)
        assert wire.send(b"{}").answer().status in status


def test_body_has_a_deadline_as_a_whole(short_deadlines: int) -> None:
    for language, title in ((b"nl", "Je verbinding is te traag"), (b"en", "Your connection is too slow")):
        with RawConnection(short_deadlines) as wire:
            wire.send(post("/inloggen/", 500, COOKIE + b"; __Host-language=" + language))
            wire.socket.settimeout(0.05)
            trickle(wire)
            answer = wire.answer()
        assert (answer.status, answer.closes, title in answer.text) == (408, True, True)
        assert f'<html lang="{language.decode()}">' in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "max-age" in answer.headers["strict-transport-security"]


def test_head_has_a_deadline_as_a_whole(short_deadlines: int) -> None:
    with RawConnection(short_deadlines) as wire:
        wire.send(b"GET /healthz HTTP/1.1\r\nX: ")
        trickle(wire)
        assert wire.answer().status == 408


def test_second_head_on_a_connection_has_a_deadline_too(short_deadlines: int) -> None:
    with RawConnection(short_deadlines) as wire:
        assert wire.send(request("/healthz")).answer().status == 200
        trickle(wire.send(b"GET /"))
        assert wire.answer().status == 408


def trickle(wire: RawConnection) -> None:
    """Byte after byte, until there is something to read or the connection is closed."""
    wire.socket.settimeout(0.05)
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            wire.socket.sendall(b"a")
            wire.socket.recv(1, socket.MSG_PEEK)
            break
        except TimeoutError:
            continue
    wire.socket.settimeout(20)


def test_connection_without_a_request_is_closed(short_deadlines: int) -> None:
    with RawConnection(short_deadlines) as wire:
        assert wire.is_closed()
    with RawConnection(short_deadlines) as wire:
        assert wire.send(request("/healthz")).answer().status == 200
        assert wire.is_closed()


def test_oldest_unfinished_body_of_an_address_gives_way(short_deadlines: int) -> None:
    with open_connections(short_deadlines, 4, post("/inloggen/", 500, COOKIE)) as wires:
        assert wires[0].answer().status == 408
        for wire in wires[1:]:
            wire.send(b"a" * 500)
            assert wire.answer().status == 403


def test_who_does_not_read_the_answer_is_left(short_deadlines: int) -> None:
    """Ten of them, more than there are threads, each with more to read than the buffers of the machine hold."""
    with open_connections(short_deadlines, 10, request("/lang?megabytes=8"), receive=4096) as wires:
        assert is_served(short_deadlines)
        time.sleep(4)
        assert is_served(short_deadlines)
        got = 0
        with suppress(ConnectionResetError):
            while part := wires[0].socket.recv(1_000_000):
                got += len(part)
    assert got < 8_000_000


def test_oldest_silent_connection_of_a_stranger_gives_way(short_deadlines: int) -> None:
    with open_connections(short_deadlines, 5, source=STRANGER) as wires:
        assert wires[0].send(request("/healthz")).answer().status == 200
        with open_connections(short_deadlines, 2, source=STRANGER) as more:
            assert wires[0].is_closed()
            assert wires[1].is_closed()
            assert more[0].send(request("/healthz")).answer().status == 200
            assert wires[4].send(request("/healthz")).answer().status == 200


def test_trusted_proxy_may_have_more_connections_up_to_the_bound_of_all(short_deadlines: int) -> None:
    with open_connections(short_deadlines, 18) as wires:
        assert wires[0].send(request("/healthz")).answer().status == 200
