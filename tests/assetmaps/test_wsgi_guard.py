"""Requests so malformed that Django cannot make a request object of them, sent to the WSGI application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory

from assetmaps import wsgi_guard
from assetmaps.wsgi import application

pytestmark = pytest.mark.django_db

STRANGE = ["utf-7", "utf-16", "base64", "idna", "undefined", "x\x00y", "rot13", "latin-1", "", "\x00", "x" * 99_999]


def call(app: Callable[..., Any], method: str = "GET", path: str = "/inloggen/?next=/a", **environ: str) -> tuple:
    given = RequestFactory().generic(method, path, b"username=a", secure=True).environ | environ
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        answer.update(status=int(status.split()[0]), headers=dict(headers))

    body = b"".join(app(given, start_response))
    return answer["status"], answer["headers"], body.decode()


@pytest.mark.parametrize("charset", STRANGE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_strange_character_sets_get_a_plain_page(method: str, charset: str) -> None:
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    status, headers, body = call(application, method, CONTENT_TYPE=kind)
    assert status == 400
    assert "Dit begrepen we niet" in body
    assert "nonce-" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "kind", ["text/html", "x; charset=UTF-8", 'x; charset="utf8"', "x; charset=us-ascii", "", ";;"]
)
def test_usual_character_sets_are_taken(kind: str) -> None:
    assert call(application, CONTENT_TYPE=kind)[0] == 200


@pytest.mark.parametrize(
    "path", ["/%00", "/%ff%fe", "/inloggen/?%00=%00", "/inloggen/?next=%ff", "//", "/..%2f..%2fetc/passwd"]
)
def test_strange_addresses_get_an_answer(path: str) -> None:
    assert call(application, path=path)[0] in (200, 302, 404)


def test_exception_that_nothing_caught_shows_no_detail(caplog: pytest.LogCaptureFixture) -> None:
    # ASVS 16.5.4
    def broken(environ: dict, start_response: object) -> list[bytes]:
        raise RuntimeError("het geheim")

    status, headers, body = call(wsgi_guard.guard(broken))
    assert (status, headers["Server"]) == (500, "Assetmaps")
    assert "Er ging bij ons iets mis" in body
    assert "geheim" not in body
    assert "geheim" in caplog.text
