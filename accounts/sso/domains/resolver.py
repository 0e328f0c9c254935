"""Asking the DNS for TXT records. The only module that does."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import dns.exception
import dns.flags
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from django.conf import settings

from accounts import limits, outbound_requests

PORT = 53
DOMAINS = outbound_requests.Service("dns", at_once=limits.DNS_AT_ONCE)  # by the name that is looked up


class Failure(Enum):
    """Why there are no texts."""

    ABSENT = "absent"  # no such name, or a name without texts
    SERVER = "server"  # the DNS servers of the domain answer with an error, or not in a way that can be read
    TIMEOUT = "timeout"
    TOO_MUCH = "too_much"


class LookUpError(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class Resolver(Protocol):
    def texts(self, name: str) -> list[str]:
        """The texts at this name, each with its strings joined (RFC 7208 section 3.3). Raises LookUpError."""
        ...


class DnsResolver:
    """Through the servers of ``DNS_RESOLVERS``, or those of the machine when that is empty."""

    def __init__(self) -> None:
        chosen = [_nameserver(text) for text in settings.DNS_RESOLVERS]
        self._resolver = dns.resolver.Resolver(configure=not chosen)
        if chosen:
            self._resolver.nameservers = chosen
        self._resolver.lifetime = limits.OUTSIDE_TIMEOUT.total_seconds()
        self._resolver.timeout = limits.OUTSIDE_TIMEOUT.total_seconds() / 2  # leaves time for a second server

    def texts(self, name: str) -> list[str]:
        try:
            with DOMAINS.asking(name) as turn:
                return self._look_up(name, turn)
        except outbound_requests.NotAskedError:
            raise LookUpError(Failure.TIMEOUT) from None

    def _look_up(self, name: str, turn: outbound_requests.Slot) -> list[str]:
        try:
            answer = self._resolver.resolve(dns.name.from_text(name + "."), dns.rdatatype.TXT, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            raise LookUpError(Failure.ABSENT) from None
        except dns.exception.Timeout:
            turn.fail()
            raise LookUpError(Failure.TIMEOUT) from None
        except (dns.exception.DNSException, OSError, ValueError):
            raise LookUpError(Failure.SERVER) from None
        records = list(answer.rrset or [])
        if len(records) > limits.DNS_TEXTS or sum(len(part) for r in records for part in r.strings) > limits.DNS_BYTES:
            raise LookUpError(Failure.TOO_MUCH)
        return [b"".join(record.strings).decode("utf-8", "replace") for record in records]


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    """``192.0.2.53``, ``192.0.2.53:5353`` or ``[2001:db8::53]:5353``. Raises ValueError."""
    if text.startswith("["):
        address, _bracket, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") > 1:
        address, port = text, ""
    else:
        address, _colon, port = text.partition(":")
    return dns.nameserver.Do53Nameserver(address, int(port or PORT))
