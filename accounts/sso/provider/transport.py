"""One request to a provider: https, public addresses only, no redirects, bounded in time and size.

Protects against server-side request forgery: an administrator types the addresses (ASVS 13.2.4). Own code around
urllib3's connection instead of a check before the call, because a name may resolve to another address afterwards (DNS
rebinding): the address that was checked is the one connected to. Every request makes its own connection, so none uses
one that the provider closed meanwhile.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import requests
from django.utils.http import parse_http_date_safe
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from accounts import limits
from accounts.sso.provider import permitted_addresses
from accounts.sso.provider.responses import ProviderResponse
from accounts.sso.refusal_reasons import Reason, RefusedError

CHUNK = 16_384
# Seconds for one of several addresses of a name, so that an unreachable one (often IPv6) leaves time for the next.
ADDRESS_TIMEOUT = 1.0
T = TypeVar("T")


def errors_as_refusals(what: Callable[[], T]) -> T:
    """Call it, and turn every exception that a foreign server may cause into RefusedError."""
    try:
        return what()
    except RefusedError:
        raise
    except (requests.Timeout, TimeoutError):
        raise RefusedError(Reason.TOO_SLOW) from None
    except Exception:
        raise RefusedError(Reason.UNREACHABLE) from None


class Exchange:
    """One request and its response. ``until``: the deadline, by `time.monotonic`."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.handle: socket.socket | None = None  # a second handle on the connection, to close it from outside

    def abort(self) -> None:
        if self.handle is not None:
            try:
                self.handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # already closed

    def run(self, method: str, address: str, form: dict[str, str] | None, headers: dict[str, str]) -> ProviderResponse:
        asked = headers | {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Assetmaps"}
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc of the machine
                for scheme in ("https://", "http://"):
                    session.mount(scheme, _Adapter(self))
                with session.request(
                    method,
                    address,
                    data=form,
                    headers=asked,
                    timeout=self.seconds_left(),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return ProviderResponse(response.status_code, self._body(response), _retry_after(response))
        finally:
            self.close()

    def probe(self, host: str, port: int) -> None:
        """Connect, and send nothing."""
        try:
            self.connect(host, port).close()
        finally:
            self.close()

    def close(self) -> None:
        if self.handle is not None:
            self.handle.close()

    def seconds_left(self) -> float:
        """Until the deadline. Raises TimeoutError when it has passed."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _body(self, response: requests.Response) -> bytes:
        if 300 <= response.status_code < 400:
            raise RefusedError(Reason.REDIRECTED)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise RefusedError(Reason.TOO_LARGE)  # not requested, and a small response could decompress to a huge one
        body = bytearray()
        try:
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                body += chunk
                self.seconds_left()
                if len(body) > limits.SSO_LONGEST_ANSWER:
                    raise RefusedError(Reason.TOO_LARGE)
        except HTTPError:
            raise RefusedError(Reason.UNREACHABLE) from None
        return bytes(body)

    def connect(self, host: str, port: int) -> socket.socket:
        """A socket to the first of the permitted addresses that answers."""
        failure: OSError = OSError("the name has no address")
        found = permitted_addresses.resolve_checked(host, port)
        for number, (family, kind, protocol, place) in enumerate(found, 1):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(
                    self.seconds_left() if number == len(found) else min(self.seconds_left(), ADDRESS_TIMEOUT)
                )
                sock.connect(place)
                self.handle = sock.dup()
            except OSError as mistake:
                sock.close()
                failure = mistake
                continue
            return sock
        raise failure


def _retry_after(response: requests.Response) -> float:
    """In seconds, from a number or a date (RFC 9110 section 10.2.3)."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    at = parse_http_date_safe(told)
    return max(at - time.time(), 0) if at else 0


class _HttpConnection(HTTPConnection):
    def __init__(self, *args: Any, exchange: Exchange, **options: Any) -> None:
        super().__init__(*args, **options)
        self.exchange = exchange

    def _new_conn(self) -> socket.socket:
        return self.exchange.connect(self._dns_host, self.port or 80)


class _HttpsConnection(HTTPSConnection):
    """Only the TCP connection is our own: urllib3 verifies the certificate as always."""

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
            "http": self._pool(HTTPConnectionPool, _HttpConnection),
            "https": self._pool(HTTPSConnectionPool, _HttpsConnection),
        }
        self.poolmanager.pool_classes_by_scheme = pools

    def _pool(self, pools: Any, connections: Any) -> Callable[..., Any]:
        def make(*args: Any, **options: Any) -> Any:
            pool = pools(*args, **options)
            pool.ConnectionCls = partial(connections, exchange=self.exchange)
            return pool

        return make
