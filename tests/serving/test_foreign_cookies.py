"""Cookies that other sites on the parent domain set: whatever they hold, the portal finds its own."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.factories import PASSWORD, UserFactory
from tests.serving.raw_http import HOST, Answer, ask, request, token

pytestmark = pytest.mark.django_db(transaction=True)

HARMLESS = {
    "Latin-1": "naam=José".encode("latin-1"),
    "UTF-8": "naam=José; stad=’s-Gravenhage €".encode(),
    "all bytes above ASCII": b"x=" + bytes(range(0x80, 0x100)),
    "not UTF-8": b"x=\xc3\x28\xff\xfe",
    "quotes": b'x="a; b="; y=\'c; z="\\"',
    "spaces and tabs": b"x = a b ;y=\t;z z=1;   ",
    "no equals sign": b"x; ;;=; =y; a==b;",
    "JSON": b'x={"a":"b","c":[1,2]}',
    "comma and at": b"x=a,b@c<d>(e)",
    "empty": b"",
    "our name without the prefix": b"session=abc; csrf=def; language=en",
    "our name in other case": b"__host-session=abc; __HOST-CSRF=def",
    "our name inside another": b"x__Host-session=abc; __Host-session2=def",
    "a large one": b"x=" + b"y" * 30_000,
    "many": b"; ".join(b"x%d=%d" % (number, number) for number in range(1500)),
}


def line(*cookies: bytes) -> bytes:
    return b"Cookie: " + b"; ".join(cookie for cookie in cookies if cookie)


def own(cookies: dict[str, str]) -> bytes:
    return "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()


def sign_in(port: int, person: object, foreign: bytes = b"", *, after: bytes = b"") -> dict[str, str]:
    """The cookies of somebody who signed in while the browser sent ``foreign`` along, before or ``after`` ours."""
    page = ask(port, request("/inloggen/", line(foreign, after)))
    cookies = page.cookies
    form = {"username": person.email, "password": PASSWORD, "csrfmiddlewaretoken": token(page.text)}
    sent = line(foreign, own(cookies), after)
    answer = ask(
        port,
        request("/inloggen/", sent, f"Origin: https://{HOST}".encode(), method="POST", body=urlencode(form).encode()),
    )
    assert (answer.status, answer.headers.get("location")) == (302, "/"), answer.text
    return cookies | answer.cookies


def overview(port: int, cookies: dict[str, str], foreign: bytes, *, after: bytes = b"") -> Answer:
    return ask(port, request("/", line(foreign, own(cookies), after)))


@pytest.mark.parametrize("name", HARMLESS)
def test_signing_in_works_beside_them(portal: int, name: str) -> None:
    person = UserFactory()
    assert "__Host-session" in sign_in(portal, person, HARMLESS[name])
    assert "__Host-session" in sign_in(portal, person, after=HARMLESS[name])


def test_who_is_signed_in_stays_so_beside_them(portal: int) -> None:
    person = UserFactory(first_name="Saartje")
    cookies = sign_in(portal, person)
    for name, foreign in HARMLESS.items():
        for before, after in ((foreign, b""), (b"", foreign)):
            answer = overview(portal, cookies, before, after=after)
            assert (answer.status, "Mijn Omgevingen" in answer.text) == (200, True), name
