"""A hash that was made before, and costs more, does not tell by its time that somebody has the address (ASVS 6.3.8)."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher, check_password, make_password
from django.core.cache import cache

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import dummy_hash, hashers
from accounts.sign_in.password import flows
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

PBKDF2 = PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1000)
ARGON2 = Argon2PasswordHasher().encode(PASSWORD, "salt-of-a-hash")


@pytest.fixture(autouse=True)
def _not_counted_yet(_clean: None) -> None:
    cache.delete(dummy_hash.CACHED)


def kinds_of_work(addresses: list[str], password: str = "verkeerd") -> list[str]:
    """With which hasher each of these was judged, and at what cost."""
    done: list[str] = []
    verify = {each: each.verify for each in (hashers.EarlierArgon2Hasher, hashers.EarlierPBKDF2Hasher)}

    def watch(each: type) -> object:
        def judged(self: object, typed: str, encoded: str) -> bool:
            done.append(encoded.rsplit("$", 2)[0])
            return verify[each](self, typed, encoded)

        return judged

    with (
        patch.object(hashers.EarlierArgon2Hasher, "verify", watch(hashers.EarlierArgon2Hasher)),
        patch.object(hashers.EarlierPBKDF2Hasher, "verify", watch(hashers.EarlierPBKDF2Hasher)),
    ):
        for number, address in enumerate(addresses):
            count = len(done)
            flows.check_password(address, password, Origin(f"192.0.2.{number % 250}"), UNKNOWN_BROWSER)
            if len(done) == count:
                done.append("ours")
    return done


def test_unknown_addresses_cost_what_known_ones_do_where_everybody_has_a_hash_of_before() -> None:
    for _ in range(3):
        UserFactory(password=PBKDF2)
    known = list(User.objects.values_list("email", flat=True))
    unknown_ones = [f"niemand{number}@voorbeeld.nl" for number in range(12)]
    assert set(kinds_of_work([*known, *unknown_ones])) == {"pbkdf2_sha256$1000"}


def test_as_large_a_share_of_unknown_addresses_costs_more_as_of_known_ones() -> None:
    for stored in (PBKDF2, ARGON2, make_password(None), None):
        UserFactory(**({"password": stored} if stored else {}))
    addresses = [f"niemand{number}@voorbeeld.nl" for number in range(100)]
    shares = dict(dummy_hash.shares_of_older_hashes())
    assert sorted(shares.values()) == [0.25, 0.25]
    with patch.object(dummy_hash, "check_password") as earlier, patch.object(dummy_hash, "make_password") as ours:
        for address in addresses:
            dummy_hash.compute(address, PASSWORD, list(shares.items()))
    assert 35 <= earlier.call_count <= 65
    assert earlier.call_count + ours.call_count == 100


def test_one_address_always_costs_the_same() -> None:
    UserFactory(password=ARGON2)
    UserFactory()
    addresses = [f"niemand{number}@voorbeeld.nl" for number in range(8)]
    first = kinds_of_work(addresses)
    assert len(set(first)) == 2
    assert kinds_of_work([address.upper() for address in addresses]) == first


@pytest.mark.parametrize("stored", [PBKDF2, ARGON2])
def test_what_is_computed_instead_has_the_same_cost_and_no_password(stored: str) -> None:
    like = dummy_hash._like(stored)
    assert like.rsplit("$", 2)[0] == stored.rsplit("$", 2)[0]
    assert not check_password(PASSWORD, like)


@pytest.mark.parametrize("stored", ["", "!", "md5$x$y", "pbkdf2_sha256$x", "geen", make_password("een heel lange zin")])
def test_what_is_no_hash_of_before_counts_for_nothing(stored: str) -> None:
    UserFactory(password=stored)
    assert dummy_hash.shares_of_older_hashes() == []


def test_share_sinks_when_somebody_signs_in_and_no_statement_tells_of_whom(django_assert_num_queries: object) -> None:
    person = UserFactory(password=PBKDF2)
    assert dummy_hash.shares_of_older_hashes() != []
    assert flows.check_password(person.email, PASSWORD, Origin("192.0.2.9"), UNKNOWN_BROWSER).user == person
    cache.delete(dummy_hash.CACHED)
    assert dummy_hash.shares_of_older_hashes() == []
    with django_assert_num_queries(0):
        dummy_hash.shares_of_older_hashes()
