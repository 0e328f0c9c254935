"""Requests to a provider: which addresses are allowed (ASVS 13.2.4)."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from accounts.sso.provider import http, permitted_addresses
from accounts.sso.provider.http import Inquiry
from accounts.sso.refusal_reasons import Reason, RefusedError
from tests.accounts.sso.provider import Provider, QuietServer, rsa_key

ISSUER = "https://provider.nl"
PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:a00:1::",
    "2001:db8::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "rommel",
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2a00:1450:400e:80c::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_address_that_is_not_of_the_public_internet_is_known(address: str) -> None:
    assert not permitted_addresses.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_address_of_the_public_internet_is_known(address: str) -> None:
    assert permitted_addresses.is_public(address)


def reason_of(call: Callable[[], object]) -> Reason:
    with pytest.raises(RefusedError) as refusal:
        call()
    return refusal.value.reason


class Names:
    """What the resolver of the machine answers, one answer after the other, and where connections went."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked, self.connected = list(answers), 0, []
        monkeypatch.setattr(socket, "getaddrinfo", self.getaddrinfo)
        real = socket.socket.connect
        monkeypatch.setattr(socket.socket, "connect", lambda line, place: self.connect(real, line, place))

    def getaddrinfo(self, host: str, port: int, *args: object, **kwargs: object) -> list[tuple]:
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [(family, socket.SOCK_STREAM, 6, "", (at, port)) for family, at in zip(families, addresses, strict=True)]

    def connect(self, real: Callable, line: socket.socket, place: tuple[Any, ...]) -> None:
        self.connected.append(place[0])
        if not permitted_addresses.is_public(place[0]):
            return real(line, place)
        raise ConnectionRefusedError


# ASVS 13.2.4
@pytest.mark.parametrize("address", [one for one in PRIVATE if one != "rommel"])
def test_name_that_leads_into_our_own_network_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, [address])
    assert reason_of(lambda: http.get("https://provider.nl/", http.inquiry(ISSUER))) is Reason.PRIVATE_ADDRESS
    assert names.connected == []


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    assert reason_of(lambda: http.get("https://provider.nl/", http.inquiry(ISSUER))) is Reason.PRIVATE_ADDRESS
    assert names.connected == []


# ASVS 13.2.4
def test_name_that_changes_between_check_and_connection_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is public, every later one private."""
    names = Names(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    assert reason_of(lambda: http.get("https://provider.nl/", http.inquiry(ISSUER))) is Reason.UNREACHABLE
    assert names.asked == 1
    assert names.connected == ["8.8.8.8"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
)
def test_own_machine_is_refused_however_it_is_written(host: str) -> None:
    reason = reason_of(lambda: http.get(f"https://{host}/", http.inquiry(ISSUER)))
    assert reason in (Reason.PRIVATE_ADDRESS, Reason.UNREACHABLE)
    assert reason is Reason.PRIVATE_ADDRESS or host in ("0x7f.1", "0177.0.0.1")  # some resolvers know no such host


@pytest.mark.parametrize(
    "address",
    [
        "http://provider.nl/",
        "ftp://provider.nl/",
        "file:///etc/passwd",
        "provider.nl",
        "https://",
        "https://naam:woord@provider.nl/",
        "https://provider.nl:poort/",
        "https://[::1",
        "",
    ],
)
def test_only_encrypted_addresses_are_asked(address: str) -> None:
    assert reason_of(lambda: http.get(address, http.inquiry(ISSUER))) is Reason.NOT_ENCRYPTED


def test_exception_holds_for_that_port_only(provider: Provider, settings: Settings) -> None:
    assert http.get(f"{provider.issuer}/keys", http.inquiry(ISSUER)).status == 200
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = [f"127.0.0.1:{provider.port + 1}", "localhost:1"]
    assert reason_of(lambda: http.get(f"{provider.issuer}/keys", http.inquiry(ISSUER))) is Reason.NOT_ENCRYPTED


def test_slow_resolver_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(3))
    began = time.monotonic()
    assert (
        reason_of(lambda: http.get("https://provider.nl/", Inquiry(ISSUER, time.monotonic() + 0.5))) is Reason.TOO_SLOW
    )
    assert time.monotonic() - began < 1


def test_proxy_of_the_environment_is_not_used(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert http.get(f"{provider.issuer}/keys", http.inquiry(ISSUER)).status == 200


def test_time_that_is_up_asks_nothing(provider: Provider) -> None:
    assert (
        reason_of(lambda: http.get(f"{provider.issuer}/keys", Inquiry(ISSUER, time.monotonic() - 1))) is Reason.TOO_SLOW
    )


# TLS ----------------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> Path:
    key = rsa_key("tls")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"hello": 1}')

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[tuple[int, Path]]:
    path = certificate(tmp_path, "provider.nl")
    server = QuietServer(("127.0.0.1", 0), Hello)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = [f"{host}:{server.server_port}" for host in ("provider.nl", "kwaad.nl")]
    Names(monkeypatch, ["127.0.0.1"])
    yield server.server_port, path
    server.shutdown()
    server.server_close()


def test_certificate_of_nobody_is_refused(encrypted: tuple[int, Path]) -> None:
    port, _path = encrypted
    assert reason_of(lambda: http.get(f"https://provider.nl:{port}/", http.inquiry(ISSUER))) is Reason.UNREACHABLE


def test_name_in_the_certificate_is_checked(encrypted: tuple[int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is made to a checked address, and still the certificate must be of the name."""
    port, path = encrypted
    monkeypatch.setattr("requests.utils.DEFAULT_CA_BUNDLE_PATH", str(path))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(path))
    monkeypatch.setattr("requests.certs.where", lambda: str(path))
    assert http.get(f"https://provider.nl:{port}/", http.inquiry(ISSUER)).json() == {"hello": 1}
    assert reason_of(lambda: http.get(f"https://kwaad.nl:{port}/", http.inquiry(ISSUER))) is Reason.UNREACHABLE
