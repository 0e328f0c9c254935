"""Requests that are expensive to parse do not block others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from accounts import limits
from tests.serving.raw_http import ask, request, token
from tests.worst_inputs import WORST

AT_ONCE = 6


def posted(port: int, password: str) -> int:
    form = ask(port, request())
    cookies = "; ".join(f"{name}={value}" for name, value in form.cookies.items())
    body = f"username=a%40voorbeeld.nl&password={quote(password)}&csrfmiddlewaretoken={token(form.text)}"
    headers = (b"Cookie: " + cookies.encode(), b"Referer: https://mijn.assetmaps.nl/inloggen/")
    return ask(port, request("/inloggen/", *headers, method="POST", body=body.encode())).status


def test_passwords_of_marks_freeze_nothing(portal: int) -> None:
    """160,000 marks kept the interpreter busy for half a minute."""
    sizes = [limits.PASSWORD_LONGEST_TYPED - 2, limits.LONGEST_VALUE - 2, 160_000] * (AT_ONCE // 3)
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        monsters = [crowd.submit(posted, portal, WORST["marks"](size)) for size in sizes]
        for _ in range(20):
            assert ask(portal, request("/healthz")).status == 200
        assert [monster.result() for monster in monsters] == [302, 302, 413] * (AT_ONCE // 3)


def test_headers_that_are_read_slowly_freeze_nothing(portal: int) -> None:
    worst = [
        b'Cookie: a="' + b"\\" * 60_000 + b'"',
        b'Content-Type: text/html;a="' + b";" * 60_000,
        b'Accept: text/html;a="' + b";" * 60_000,
    ]
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        monsters = [crowd.submit(ask, portal, request("/inloggen/", header)) for header in worst * 2]
        for _ in range(20):
            assert ask(portal, request("/healthz")).status == 200
        assert [monster.result().status for monster in monsters] == [200, 400, 200] * 2


def test_address_of_bytes_that_are_no_text_freezes_nothing(portal: int) -> None:
    assert ask(portal, request("/" + "%ff" * 15_000)).status == 414
