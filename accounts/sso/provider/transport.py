"""One request to a provider: encrypted, to no address of our own network, without redirects, bounded in time and size.

An administrator types the addresses, so without this the portal would be a way into the network that it stands in
(ASVS 13.2.4). Own code around urllib3's connection instead of a check before the call: between a check and a connection
the name may come to mean another address, so the very address that was checked is connected to. Every request makes a
connection of its own, so none meets one that the provider closed meanwhile.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
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
from accounts.sso.refusal_reasons import Reason, RefusedError

CHUNK = 16_384
# Seconds for one of several addresses of a name, so that a dead one (often the IPv6 one) leaves time for the next.
ONE_OF_SEVERAL = 1.0
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """``retry_after``: in seconds, as the provider asks; 0 when it does not."""

    status: int
    content: bytes
    retry_after: float = 0

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


def settled(what: Callable[[], T]) -> T:
    """Do it. Whatever a stranger's server makes a library do, the visitor gets a page. Raises RefusedError only."""
    try:
        return what()
    except RefusedError:
        raise
    except (requests.Timeout, TimeoutError):
        raise RefusedError(Reason.TOO_SLOW) from None
    except Exception:
        raise RefusedError(Reason.UNREACHABLE) from None


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
                    return Answer(response.status_code, self._body(response), _retry_after(response))
        finally:
            self.hang_up()

    def knock(self, host: str, port: int) -> None:
        """Connect, and say nothing."""
        try:
            self.connect(host, port).close()
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
        found = permitted_addresses.checked(host, port)
        for number, (family, kind, protocol, place) in enumerate(found, 1):
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(self.left() if number == len(found) else min(self.left(), ONE_OF_SEVERAL))
                line.connect(place)
                self.line = line.dup()
            except OSError as mistake:
                line.close()
                failure = mistake
                continue
            return line
        raise failure


def _retry_after(response: requests.Response) -> float:
    """In seconds; a number of seconds or a date (RFC 9110 section 10.2.3)."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    at = parse_http_date_safe(told)
    return max(at - time.time(), 0) if at else 0


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
