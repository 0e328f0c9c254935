"""An identity provider on this machine: a real server with its own keys, whose answers a test can change.

It signs with `cryptography` directly, so that tokens are not verified by the library that made them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT_ID, CLIENT_SECRET = "portaal", "geheim met %+: en ~tekens"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if name == "short" else 2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def public_jwk(name: str, algorithm: str = "RS256") -> dict[str, str]:
    if algorithm == "ES256":
        point = ec_key(name).public_key().public_numbers()
        shape = {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(point.x.to_bytes(32, "big")),
            "y": b64(point.y.to_bytes(32, "big")),
        }
    else:
        numbers = rsa_key(name).public_key().public_numbers()
        shape = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    return shape | {"kid": name, "use": "sig", "alg": algorithm}


def public_pem(name: str) -> bytes:
    return rsa_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(header: dict[str, Any], claims: Any, key: str) -> str:
    """A token in compact form; the algorithm of the header, "none" and HS256 with the public key included."""
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    match header.get("alg"):
        case "RS256":
            made = rsa_key(key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        case "PS256":
            salted = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            made = rsa_key(key).sign(text.encode(), salted, hashes.SHA256())
        case "ES256":
            r, s = decode_dss_signature(ec_key(key).sign(text.encode(), ec.ECDSA(hashes.SHA256())))
            made = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        case "HS256":
            keyed = hmac.HMAC(public_pem(key), hashes.SHA256())
            keyed.update(text.encode())
            made = keyed.finalize()
        case _:
            made = b""
    return f"{text}.{b64(made)}"


@dataclass
class Asked:
    method: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]


@dataclass
class Sent:
    """What the browser brought to the authorisation endpoint, kept under the code."""

    values: dict[str, str]
    claims: dict[str, Any]


Answer = Callable[["Handler"], None]


@dataclass
class Provider:
    """``claims``: in everybody's token; ``header``: of every token; ``twist``: changes claims and header at the end;
    ``answers``: path -> another way of answering."""

    port: int = 0
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    twist: Callable[[dict[str, Any], dict[str, Any]], str | None] | None = None
    description: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, str]] = field(default_factory=lambda: [public_jwk("first")])
    signs_with: str = "first"
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    codes: dict[str, Sent] = field(default_factory=dict)
    accepts: Callable[[str], bool] = lambda assertion: False

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorise",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.description

    def sign_in(self, address: str, **claims: Any) -> dict[str, str]:
        """The query parameters of the callback, after the person signed in at this URL."""
        values = {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = Sent(values, claims)
        return {"code": code, "state": values["state"], "iss": self.issuer}

    def id_token(self, sent: Sent) -> str:
        now = int(time.time())
        header = {"alg": "RS256", "kid": self.signs_with, "typ": "JWT"} | self.header
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "persoon-1",
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": sent.values.get("nonce"),
        }
        claims |= self.claims | sent.claims
        forged = self.twist(header, claims) if self.twist else None
        kept = {name: value for name, value in claims.items() if value is not None}
        return forged or signed(header, kept, self.signs_with)

    def logout_token(self, **changes: Any) -> str:
        now = int(time.time())
        header = {"alg": "RS256", "kid": self.signs_with, "typ": "logout+jwt"} | changes.pop("header", {})
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8)}
        claims |= {"events": {LOGOUT: {}}} | changes
        return signed(header, {name: value for name, value in claims.items() if value is not None}, self.signs_with)

    def exchange(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        if not self._is_client(asked):
            return 401, {"error": "invalid_client"}
        sent = self.codes.pop(asked.form.get("code", ""), None)
        challenge = b64(hashlib.sha256(asked.form.get("code_verifier", "").encode()).digest())
        if sent is None or sent.values["code_challenge"] != challenge or sent.values["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        if sent.values["redirect_uri"] != asked.form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "een-toegangsbewijs", "token_type": "Bearer", "id_token": self.id_token(sent)}

    def _is_client(self, asked: Asked) -> bool:
        if assertion := asked.form.get("client_assertion"):
            return self.accepts(assertion)
        kind, _space, value = asked.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return False
        name, _colon, secret = base64.b64decode(value).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)


class Handler(BaseHTTPRequestHandler):
    provider: Provider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._answer({name: found[0] for name, found in parse_qs(body, keep_blank_values=True).items()})

    def _answer(self, form: dict[str, str]) -> None:
        asked = Asked(self.command, self.path, form, dict(self.headers))
        self.provider.asked.append(asked)
        if answer := self.provider.answers.get(self.path):
            return answer(self)
        match self.path:
            case "/.well-known/openid-configuration":
                return self.send(self.provider.document())
            case "/keys":
                return self.send({"keys": self.provider.keys})
            case "/token":
                status, content = self.provider.exchange(asked)
                return self.send(content, status)
        return self.send({}, 404)

    def send(self, content: Any, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Connection": "close"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, address: object) -> None: ...  # we hang up on purpose


def start(provider: Provider) -> QuietServer:
    server = QuietServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"provider": provider}))
    provider.port = server.server_port
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def query(values: dict[str, str]) -> str:
    return urlencode(values)
