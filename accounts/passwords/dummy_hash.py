"""The hash that is computed for an unknown address, so that the time does not tell that it is unknown (ASVS 6.3.8).

Hashes of earlier versions are slower than ours (`hashers`). If 10 % of the people still have one, 10 % of the unknown
addresses get an equally slow dummy hash, always the same addresses. So slow answers are as frequent for unknown
addresses as for known ones, and tell nothing. The share falls by itself, because signing in replaces an older hash.
Wrapping the older hashes in new ones would not help: it takes the time of both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password, identify_hasher, make_password
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from accounts import limits
from accounts.models import User
from accounts.passwords.hashers import Argon2idHasher

SALT = "accounts.passwords.unknown"  # an earlier name, kept: another salt would make other addresses slow
CACHED = "earlier-hashes"
# Everything in an encoded hash that says what it costs; then salt and digest, which do not.
_COSTS = (
    (re.compile(r"(pbkdf2_sha256\$[0-9]+)\$.*", re.DOTALL), "{}$" + "0" * 22 + "$" + "A" * 43 + "="),
    (
        re.compile(r"(argon2\$argon2id\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+)\$.*", re.DOTALL),
        "{}$" + "A" * 22 + "$" + "A" * 43,
    ),
)
Shares = list[tuple[str, float]]


def compute(typed_address: str, password: str, shares: Shares) -> None:
    """Take as long as checking the password of some user does. Raises TooBusyError.

    ``shares``: `shares_of_older_hashes`, which the caller asks for whether somebody has the address or not.
    """
    place = int(salted_hmac(SALT, typed_address.strip().lower(), algorithm="sha256").hexdigest()[:12], 16) / 16**12
    for encoded, share in shares:
        if place < share:
            check_password(password, encoded)
            return
        place -= share
    make_password(password)


def shares_of_older_hashes() -> Shares:
    """A dummy hash for each cost of older hashes, and the share of people who have one. Cached for an hour."""
    found: Shares | None = cache.get(CACHED)
    if found is None:
        found = _count()
        cache.set(CACHED, found, int(limits.EARLIER_HASHES_COUNTED.total_seconds()))
    return found


def _count() -> Shares:
    neither = Q(password__startswith=f"{Argon2idHasher.algorithm}$") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    earlier = User.objects.exclude(neither)
    costs = Counter(like for stored in _in_batches(earlier) if (like := _like(stored)))
    people = User.objects.count() if costs else 0
    return [(encoded, number / people) for encoded, number in sorted(costs.items())]


def _in_batches(people: QuerySet[User]) -> Iterator[str]:
    """In batches: PgBouncer in transaction mode allows no server-side cursor, and memory is limited."""
    batch, last = people.order_by("pk").values_list("pk", "password"), 0
    while found := list(batch.filter(pk__gt=last)[: limits.EXPORT_BATCH]):
        yield from (stored for _pk, stored in found)
        last = found[-1][0]


def _like(stored: str) -> str:
    """A hash of the same cost that no password fits; empty for what is no hash that we read."""
    try:
        identify_hasher(stored)
    except ValueError:
        return ""
    fits = ((cost.fullmatch(stored), shape) for cost, shape in _COSTS)
    return next((shape.format(found[1]) for found, shape in fits if found), "")
