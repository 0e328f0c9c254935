"""Visitors of a server, as browsers without any cookie: signing in, the landing page, setting up an app."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import http.client
import json
import re
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import count
from urllib.parse import urlencode, urljoin, urlsplit

import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "mijn.voorbeeld.nl"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
USUAL = {
    "X-Forwarded-Proto": "https",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "nl-NL,nl;q=0.9,en;q=0.8",
    "Accept-Encoding": "gzip",
}
_networks = count(1)


class UnexpectedAnswerError(AssertionError):
    """The server answered with another page than the visit needs."""


@dataclass
class Browser:
    """One visitor, on a network address and a connection of their own. Counts what the servers of
    `benchmarks.statements` tell."""

    port: int
    host: str = HOST
    cookies: dict[str, str] = field(default_factory=dict)
    statements: int = 0
    writes: int = 0
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._network = f"203.{next(_networks) % 250}.{next(_networks) % 250}.7"
        self.address = self.text = ""

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, address: str) -> str:
        """The text of a page. Raises UnexpectedAnswerError when the answer is no page."""
        status, self.text, _ = self._ask("GET", address)
        self._expect(200, status)
        return self.text

    def submit(self, address: str, **typed: str) -> str:
        """Send the form of the page that was last read; where its answer leads to, or "" when it is a page itself."""
        token = TOKEN.search(self.text)
        if token is None:
            raise UnexpectedAnswerError(f"no form on {self.address}")
        body = urlencode({"csrfmiddlewaretoken": token[1]} | typed)
        status, text, location = self._ask("POST", address, body)
        if status == 200:
            self.text = text
            return ""
        self._expect(302, status)
        return urljoin(address, location)

    def close(self) -> None:
        self._wire.close()

    def _expect(self, wanted: int, status: int) -> None:
        if status != wanted:
            raise UnexpectedAnswerError(f"{self.address} answered {status}, not {wanted}:\n{self.text[:2000]}")

    def _ask(self, method: str, address: str, body: str | None = None) -> tuple[int, str, str]:
        self.address, headers = address, USUAL | {"Host": self.host, "X-Forwarded-For": self._network}
        if self.cookies:
            headers["Cookie"] = self.cookie_header
        if body is not None:
            origin = f"https://{self.host}"
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin, "Referer": f"{origin}/"}
        self._wire.request(method, address, body, headers)
        answer = self._wire.getresponse()
        content = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        self._keep(answer.headers)
        return answer.status, content.decode("utf-8", "replace"), answer.headers.get("Location", "")

    def _keep(self, headers: http.client.HTTPMessage) -> None:
        for value in headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(value).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        if told := headers.get("X-Statements"):
            every, writes = map(int, told.split())
            self.statements, self.writes = self.statements + every, self.writes + writes
            texts = [text for text in headers.get("X-Statement-Texts", "").split("|") if text]
            self.texts += [f"{self.address}: {len(texts)}", *(f"    {text}" for text in texts)]


def code(secret: str) -> str:
    """What a phone with this secret (base32) shows now."""
    return pyotp.TOTP(secret).at(int(time.time()))


def secret_on(page: str) -> str:
    """The secret (base32) on a page with a QR code: in its address for apps, or in a field of its own."""
    found = re.search(r'secret=([A-Z2-7]{32})|value="([A-Z2-7]{32})"', html.unescape(page))
    if found is None:
        raise UnexpectedAnswerError("no secret on the page with the QR code")
    return found[1] or found[2]


class Bare:
    """django.contrib.auth with its LoginView; no second factor."""

    sign_in_page = "/inloggen/"
    landing_page = "/"
    account_page = "/"  # of a peer: that the package brings itself

    def sign_in(self, browser: Browser, person: dict[str, str]) -> None:
        browser.get(self.sign_in_page)
        self._arrive(browser.submit(self.sign_in_page, username=person["name"], password=person["password"]))

    def landing(self, browser: Browser) -> None:
        browser.get(self.landing_page)

    def _arrive(self, where: str) -> None:
        if urlsplit(where).path != self.landing_page:
            raise UnexpectedAnswerError(f"signing in led to {where!r}")


class Ours(Bare):
    def landing(self, browser: Browser) -> None:
        if "Beheer" not in browser.get(self.landing_page):  # the first in order, however many there are
            raise UnexpectedAnswerError("the landing page does not show the tiles")

    def sign_in(self, browser: Browser, person: dict[str, str]) -> None:
        browser.get(self.sign_in_page)
        page = browser.submit(self.sign_in_page, username=person["name"], password=person["password"])
        browser.get(page)
        self._arrive(browser.submit(page, code=code(person["secret"])))

    def first_factor(self, browser: Browser, person: dict[str, str]) -> None:
        """Sign in somebody who has no second factor yet."""
        Bare.sign_in(self, browser, person)

    def set_up(self, browser: Browser) -> None:
        """Personal details, activate, the page with the QR code, the first code, the recovery codes."""
        details = "/persoonlijke-gegevens/"
        browser.get(details)
        page = browser.submit(f"{details}twee-staps-authenticatie/activeren/")
        secret = secret_on(browser.get(page))
        where = browser.submit(page, code=code(secret), name="Telefoon")
        if where != f"{details}herstelcodes/":
            raise UnexpectedAnswerError(f"the set-up led to {where!r}")
        browser.get(where)


class ByPasskey(Ours):
    """The same, with what a browser and an authenticator make of a passkey; the private key is the person's number."""

    def sign_in(self, browser: Browser, person: dict[str, str]) -> None:
        page, address = browser.get(self.sign_in_page), f"{self.sign_in_page}met-passkey/"
        asked = json.loads(browser.get(f"{address}opties/"))
        browser.text = page  # whose form is sent
        credential = assertion(person, asked["options"]["challenge"])
        self._arrive(browser.submit(address, ceremony=asked["ceremony"], credential=credential))


def assertion(person: dict[str, str], challenge: str) -> str:
    """What a browser posts (W3C Web Authentication Level 3, sections 5.1.4 and 6.3.3), as JSON. ``challenge``: as in
    the options."""
    client = {"type": "webauthn.get", "challenge": challenge, "origin": f"https://{HOST}", "crossOrigin": False}
    told = json.dumps(client).encode()
    present_and_verified, never_counts = b"\x05", bytes(4)
    shown = hashlib.sha256(HOST.encode()).digest() + present_and_verified + never_counts
    key = ec.derive_private_key(int(person["passkey"]), ec.SECP256R1())
    signature = key.sign(shown + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
    response = {"clientDataJSON": told, "authenticatorData": shown, "signature": signature}
    encoded = {name: unpadded(value) for name, value in response.items()} | {"userHandle": person["handle"]}
    name = unpadded(credential_id(int(person["passkey"])))
    return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": encoded})


def credential_id(number: int) -> bytes:
    return number.to_bytes(32, "big")


def unpadded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
