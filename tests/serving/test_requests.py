"""Requests that no browser makes: each gets the answer that it should, and no error of ours."""

from __future__ import annotations

import pytest

from accounts import limits
from tests.serving.raw_http import HOST, STRANGER, RawConnection, ask, request

HEAD = f"Host: {HOST}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.7\r\n".encode()
CSRF = b"Cookie: __Host-csrf=" + b"a" * 32 + b"\r\n"
LATIN, UTF8, NOT_UTF8 = "José".encode("latin-1"), "José €".encode(), b"\xc3\x28\xff\xfe"
ABOVE_ASCII = {"Latin-1": LATIN, "UTF-8": UTF8, "neither": NOT_UTF8}


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return b"POST /inloggen/ HTTP/1.1\r\n" + HEAD + CSRF + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def get(target: bytes, *lines: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + b"\r\n" + HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


# Programs that find the end of a request in different places let one visitor's request into another's.
SMUGGLING = {
    "two lengths": post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"),
    "the same length twice": post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"),
    "a list of lengths": post(b"Content-Length: 3, 3", body=b"abc"),
    "length and chunks": post(b"Content-Length: 3", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "chunks and length": post(b"Transfer-Encoding: chunked", b"Content-Length: 3", body=b"0\r\n\r\n"),
    "chunks twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "chunks and another coding": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "chunks not last": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "another coding": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "chunks with a sign in front": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "chunks in HTTP/1.0": post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "length with a sign": post(b"Content-Length: +3", body=b"abc"),
    "negative length": post(b"Content-Length: -3", body=b"abc"),
    "hexadecimal length": post(b"Content-Length: 0x3", body=b"abc"),
    "length with other digits": post("Content-Length: ٣".encode(), body=b"abc"),
    "length that overflows": post(b"Content-Length: 18446744073709551619", body=b"abc"),
    "no length in the header": post(b"Content-Length:", body=b"abc"),
    "space before the colon": post(b"Content-Length : 3", body=b"abc"),
    "line that goes on": post(b"X: a\r\n Content-Length: 3", body=b"abc"),
    "line feeds alone": get(b"/").replace(b"\r\n", b"\n"),
    "carriage return alone": get(b"/", b"X: a\rContent-Length: 3"),
    "wrong chunk": post(b"Transfer-Encoding: chunked", body=b"3\r\nabcd\r\n0\r\n\r\n"),
    "chunk that overflows": post(b"Transfer-Encoding: chunked", body=b"FFFFFFFFFFFFFFFFFF\r\n"),
    "chunk with a sign": post(b"Transfer-Encoding: chunked", body=b"+3\r\nabc\r\n0\r\n\r\n"),
}
UNREADABLE = {
    "NUL in the address": get(b"/inloggen/\x00"),
    "NUL in the query": get(b"/inloggen/?next=\x00"),
    "NUL in a header": get(b"/inloggen/", b"X: a\x00b"),
    "NUL in the host": get(b"/").replace(HOST.encode(), HOST.encode() + b"\x00"),
    "space in the address": get(b"/a b"),
    "name of a header outside ASCII": get(b"/", b"X\xe9: a"),
    "header without a name": get(b"/", b": a"),
    "header without a colon": get(b"/", b"abc"),
    "unknown method": get(b"/").replace(b"GET", b"ZZZ"),
    "method in small letters": get(b"/").replace(b"GET", b"get"),
    "tunnel": get(b"/").replace(b"GET /", b"CONNECT a:80"),
    "address without a slash": get(b"inloggen/"),
    "address of nothing": get(b"?x=y"),
    "version of tomorrow": get(b"/", version=b"HTTP/3.1"),
    "no HTTP": b"\r\nhello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    **{f"{name} in the address": get(b"/" + text) for name, text in ABOVE_ASCII.items()},
    **{f"{name} in the query": get(b"/inloggen/?next=" + text) for name, text in ABOVE_ASCII.items()},
    "two hosts": get(b"/", b"Host: mijn.assetmaps.nl"),
    "strange host": get(b"/").replace(HOST.encode(), b"evil.voorbeeld.nl"),
    **{f"{name} in the host": get(b"/").replace(HOST.encode(), text) for name, text in ABOVE_ASCII.items()},
}


@pytest.mark.parametrize("name", [*SMUGGLING, *UNREADABLE])
def test_request_that_cannot_be_read_gets_a_page_that_says_so(portal: int, name: str) -> None:
    answer = ask(portal, (SMUGGLING | UNREADABLE)[name])
    assert (answer.status, "Dit begrepen we niet" in answer.text) == (400, True)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["server"] == "Assetmaps"


@pytest.mark.parametrize("name", SMUGGLING)
def test_nothing_behind_a_request_of_unclear_length_is_answered(portal: int, name: str) -> None:
    with RawConnection(portal) as wire:
        answer = wire.send(SMUGGLING[name], request("/healthz")).answer()
        assert (answer.status, answer.closes) == (400, True)
        assert wire.is_closed()


@pytest.mark.parametrize("header", ["User-Agent", "Referer", "Accept-Language", "Accept", "X-Zomaar", "Origin"])
@pytest.mark.parametrize("text", [*ABOVE_ASCII.values(), b"", b'"', b"a" * 7000, b"\t ;,=", b"%00"])
def test_headers_of_any_bytes_are_taken(portal: int, header: str, text: bytes) -> None:
    answer = ask(portal, get(b"/inloggen/", header.encode() + b": " + text))
    assert (answer.status, "Inloggen" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "target", [b"/%00/", b"/%ff%fe/", b"/%C3%A9/", b"/%E9", b"/%zz", b"/..%2f..%2fetc/passwd", b"//x/y"]
)
def test_strange_addresses_lead_nowhere(portal: int, target: bytes) -> None:
    assert ask(portal, get(target)).status == 404


@pytest.mark.parametrize(
    "query", [b"next=%00", b"next=%ff", b"%00=%00", b"next=" + b"a" * 7000, b"a=b" * 500, b"&&&;;=?"]
)
def test_strange_queries_are_ignored(portal: int, query: bytes) -> None:
    assert ask(portal, get(b"/inloggen/?" + query)).status == 200


def test_whole_address_is_read_as_one_of_ours(portal: int) -> None:
    """RFC 9112 section 3.2.2: proxies ask so. The host that counts is checked in the header."""
    assert ask(portal, get(f"https://{HOST}/healthz".encode())).text == "ok\n"
    assert ask(portal, get(b"http://evil.voorbeeld.nl/inloggen/")).text.count("evil.voorbeeld.nl") == 0


def test_asterisk_is_no_address_of_ours(portal: int) -> None:
    assert ask(portal, get(b"*").replace(b"GET", b"OPTIONS")).status in (404, 405)


def test_http_1_0_is_answered_and_closed(portal: int) -> None:
    with RawConnection(portal) as wire:
        answer = wire.send(get(b"/healthz", version=b"HTTP/1.0")).answer()
        assert (answer.status, answer.text) == (200, "ok\n")
        assert wire.is_closed()


def test_requests_behind_each_other_are_answered_in_order(portal: int) -> None:
    with RawConnection(portal) as wire:
        form = post(b"Content-Length: 10", b"Content-Type: application/x-www-form-urlencoded", body=b"username=a")
        wire.send(get(b"/healthz") + form + get(b"/bestaat-niet/") + get(b"/healthz"))
        assert [wire.answer().status for _ in range(4)] == [200, 403, 404, 200]


def test_what_comes_behind_the_announced_body_is_no_part_of_it(portal: int) -> None:
    with RawConnection(portal) as wire:
        wire.send(post(b"Content-Length: 3", body=b"a=bcd&e=f\r\n\r\n"))
        answer = wire.answer()
        assert (answer.status, answer.closes) == (403, True)
        assert wire.is_closed()


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_wish_for_another_protocol_is_ignored(portal: int, protocol: bytes) -> None:
    with RawConnection(portal) as wire:
        answer = wire.send(get(b"/healthz", b"Connection: Upgrade", b"Upgrade: " + protocol)).answer()
        assert (answer.status, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(
    "lines",
    [
        [b"X: " + b"a" * limits.LARGEST_HEAD],
        [b"X%d: a" % number for number in range(limits.HEADERS + 1)],
        [b"Cookie: " + b"; ".join(b"x%d=%s" % (number, b"a" * 4000) for number in range(40))],
    ],
    ids=["one", "many", "cookies"],
)
def test_too_large_a_head_gets_a_page_that_says_what_to_do(portal: int, lines: list[bytes]) -> None:
    answer = ask(portal, get(b"/inloggen/", *lines))
    assert (answer.status, answer.closes, "Verwijder je cookies" in answer.text) == (431, True, True)


def test_head_without_an_end_is_not_kept(portal: int) -> None:
    with RawConnection(portal) as wire:
        wire.send(b"GET / HTTP/1.1\r\nX: ", b"a" * (limits.LARGEST_HEAD + 1))
        assert wire.answer().status == 431


def test_headers_of_a_proxy_cannot_be_written_with_an_underscore(portal: int) -> None:
    """WSGI makes one name of both; the scheme then came from the visitor."""
    plain = (
        b"GET /inloggen/ HTTP/1.1\r\nHost: mijn.assetmaps.nl\r\nX_Forwarded_Proto: https\r\nX-Forwarded-Proto: http\r\n"
    )
    answer = ask(portal, plain + b"X_Forwarded_For: 192.0.2.1\r\n\r\n")
    assert "strict-transport-security" not in answer.headers


def test_cookies_in_two_lines_are_one_list(portal: int) -> None:
    """As HTTP/2 allows and some proxies pass on."""
    answer = ask(portal, get(b"/inloggen/", b"Cookie: a=b", b"Cookie: __Host-language=en", b"Cookie: c=d"))
    assert '<html lang="en">' in answer.text


def test_stranger_cannot_say_that_the_connection_was_encrypted(portal: int) -> None:
    answer = ask(portal, request("/inloggen/"), source=STRANGER)
    assert "strict-transport-security" not in answer.headers
