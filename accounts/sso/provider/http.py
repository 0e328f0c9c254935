"""The only way to a provider: encrypted, to no address of our own network, without redirects, bounded in time and size.

An administrator types the addresses, so without this the portal would be a way into the network that it stands in
(ASVS 13.2.4). Own code around urllib3's connection instead of a check before the call: between a check and a connection
the name may come to mean another address, so the very address that was checked is connected to.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from accounts import limits
from accounts.sso.reasons import Reason, RefusedError

CHUNK = 16_384
# An address in one of these carries an IPv4 address in its last 32 bits (RFC 6052, RFC 4291 section 2.5.5).
EMBEDDING = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "::/96"))
# Of the own site, of relays, of a network's own translation (RFC 8215): Python counts them as public.
UNUSABLE = tuple(ipaddress.ip_network(net) for net in ("fec0::/10", "192.88.99.0/24", "64:ff9b:1::/48"))
Place = tuple[Any, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes

    def json(self) -> dict[str, Any]:
        """Raises RefusedError when it is no JSON object."""
        try:
            found = json.loads(self.content)
            refuse_unwritable(found)
        except (ValueError, RecursionError):
            raise RefusedError(Reason.NOT_JSON) from None
        if not isinstance(found, dict):
            raise RefusedError(Reason.NOT_JSON)
        return found


def refuse_unwritable(found: Any) -> None:
    """JSON may spell half of a pair of signs (\\ud800), which no database and no page can hold. Raises ValueError."""
    json.dumps(found, ensure_ascii=False).encode()


def deadline() -> float:
    """When everything that is asked from now on for one request of a visitor must be answered (monotonic clock)."""
    return time.monotonic() + limits.OUTSIDE_TIMEOUT.total_seconds()


def get(address: str, until: float) -> Answer:
    return _ask("GET", address, until, None, {})


def post(address: str, until: float, form: dict[str, str], headers: dict[str, str]) -> Answer:
    return _ask("POST", address, until, form, headers)


def is_reachable_address(address: str) -> bool:
    """May this address be asked at all, as far as its text tells?"""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if parts.username is not None or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_exception(parts.hostname, port or 80))


def _is_exception(host: str, port: int | None) -> bool:
    return f"{host.lower()}:{port}" in settings.SSO_ALLOWED_PRIVATE_ADDRESSES


def _ask(method: str, address: str, until: float, form: dict[str, str] | None, headers: dict[str, str]) -> Answer:
    if not is_reachable_address(address):
        raise RefusedError(Reason.NOT_ENCRYPTED)
    exchange = Exchange(until)
    return in_time(exchange, partial(exchange.run, method, address, form, headers))


def in_time(exchange: Exchange, what: Callable[[], T]) -> T:
    """In a thread of its own, because neither looking up a name nor a server that drips keeps to a time-out."""
    answer = Future[T]()
    Thread(target=_settle, args=(answer, what), daemon=True).start()
    try:
        return answer.result(timeout=max(exchange.until - time.monotonic(), 0))
    except TimeoutError:
        exchange.cut()
        raise RefusedError(Reason.TOO_SLOW) from None


def _settle(answer: Future[T], what: Callable[[], T]) -> None:
    try:
        answer.set_result(what())
    except RefusedError as refusal:
        answer.set_exception(refusal)
    except (requests.Timeout, TimeoutError):
        answer.set_exception(RefusedError(Reason.TOO_SLOW))
    except Exception:  # whatever a stranger's server makes a library do, the visitor gets a page
        answer.set_exception(RefusedError(Reason.UNREACHABLE))


class Exchange:
    """One request and its answer. ``until``: as `deadline` gave it."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.line: socket.socket | None = None  # a second handle on the connection, to hang up with

    def cut(self) -> None:
        if self.line is not None:
            try:
                self.line.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it had ended already

    def run(self, method: str, address: str, form: dict[str, str] | None, headers: dict[str, str]) -> Answer:
        asked = headers | {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Assetmaps"}
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc of the machine
                for scheme in ("https://", "http://"):
                    session.mount(scheme, _Adapter(self))
                with session.request(
                    method, address, data=form, headers=asked, timeout=self.left(), allow_redirects=False, stream=True
                ) as response:
                    return Answer(response.status_code, self._body(response))
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        if self.line is not None:
            self.line.close()

    def left(self) -> float:
        """Seconds. Raises TimeoutError when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _body(self, response: requests.Response) -> bytes:
        if 300 <= response.status_code < 400:
            raise RefusedError(Reason.REDIRECTED)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise RefusedError(Reason.TOO_LARGE)  # not asked for, and a small answer could unpack to a huge one
        body = bytearray()
        try:
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                body += chunk
                self.left()
                if len(body) > limits.SSO_LONGEST_ANSWER:
                    raise RefusedError(Reason.TOO_LARGE)
        except HTTPError:
            raise RefusedError(Reason.UNREACHABLE) from None
        return bytes(body)

    def connect(self, host: str, port: int) -> socket.socket:
        """To the first of the checked addresses that answers."""
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, place in checked(host, port):
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(self.left())
                line.connect(place)
                self.line = line.dup()
            except OSError as mistake:
                line.close()
                failure = mistake
                continue
            return line
        raise failure


def checked(host: str, port: int) -> Iterator[tuple[int, int, int, Place]]:
    """Where the name leads now. Raises RefusedError when one of the addresses is not of the public internet."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not _is_exception(host, port) and not all(is_public(str(place[0])) for *_what, place in found):
        raise RefusedError(Reason.PRIVATE_ADDRESS)
    for family, kind, protocol, _name, place in found:
        yield family, kind, protocol, place


def is_public(text: str) -> bool:
    """Is this IP address one of the public internet, also when it is wrapped in another?"""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is None and any(ip in net for net in EMBEDDING):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None and not is_public(str(inner)):
            return False
    unusable = ip.is_multicast or any(ip in net for net in UNUSABLE if net.version == ip.version)
    mapped = isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None
    return (ip.is_global or mapped) and not unusable


class _Plain(HTTPConnection):
    def __init__(self, *args: Any, exchange: Exchange, **options: Any) -> None:
        super().__init__(*args, **options)
        self.exchange = exchange

    def _new_conn(self) -> socket.socket:
        return self.exchange.connect(self._dns_host, self.port or 80)


class _Encrypted(HTTPSConnection):
    """The name in the certificate is checked against the host as ever: only the connection below is ours."""

    def __init__(self, *args: Any, exchange: Exchange, **options: Any) -> None:
        super().__init__(*args, **options)
        self.exchange = exchange

    def _new_conn(self) -> socket.socket:
        return self.exchange.connect(self._dns_host, self.port or 443)


class _Adapter(HTTPAdapter):
    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        pools: dict[str, Any] = {
            "http": self._pool(HTTPConnectionPool, _Plain),
            "https": self._pool(HTTPSConnectionPool, _Encrypted),
        }
        self.poolmanager.pool_classes_by_scheme = pools

    def _pool(self, pools: Any, connections: Any) -> Callable[..., Any]:
        def make(*args: Any, **options: Any) -> Any:
            pool = pools(*args, **options)
            pool.ConnectionCls = partial(connections, exchange=self.exchange)
            return pool

        return make
