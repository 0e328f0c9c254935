"""How often something may be asked for, counted in the cache, which all processes share (`CACHE_URL`).

For mail that somebody can make us send to somebody else, and for attempts from one network. Attempts at one account are
counted elsewhere, in the database.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
from datetime import timedelta

from django.core.cache import cache

log = logging.getLogger(__name__)
IPV6_NETWORK = 64  # bits; whoever has one IPv6 address has all of its network


def _key(what: str, subject: str) -> str:
    return f"quota:{what}:{hashlib.sha256(subject.encode()).hexdigest()}"


def spend(what: str, subject: str, *, limit: int, period: timedelta) -> bool:
    """Count one more, and say whether that is still within the limit. The period begins at the first.

    A cache that is out of order must not keep anybody from a new password: then everything passes, and is logged.
    """
    key = _key(what, subject)
    try:
        cache.add(key, 0, timeout=int(period.total_seconds()))
        return cache.incr(key) <= limit
    except ValueError:  # the period ended between the two
        return True
    except Exception:
        log.exception("the quota %s could not be counted", what)
        return True


def give_back(what: str, subject: str) -> None:
    """Take one off again: it turned out not to count."""
    try:
        cache.decr(_key(what, subject))
    except ValueError:
        return  # the period ended meanwhile
    except Exception:
        log.exception("the quota %s could not be given back", what)


def network_of(address: str | None) -> str:
    """What counts as one network address."""
    if address is None:
        return ""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)  # a server on [::] sees IPv4 visitors so; else they would all be one network
    return str(ipaddress.ip_network((ip, IPV6_NETWORK), strict=False)) if ip.version == 6 else address
