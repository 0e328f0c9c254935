"""What is typed in either form of Unicode signs in; hashes made before are read and renewed."""

from __future__ import annotations

import os
import subprocess
import sys
from unicodedata import normalize

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
    check_password,
    make_password,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import limits
from accounts.passwords.hashers import Argon2idHasher
from tests.factories import UserFactory

COMPOSED = normalize("NFC", "café crème brûlée")
DECOMPOSED = normalize("NFD", COMPOSED)
assert COMPOSED != DECOMPOSED


# NIST N20
@settings(max_examples=15, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_composed_and_decomposed_are_one_password(password: str) -> None:
    encoded = make_password(normalize("NFC", password))
    assert check_password(normalize("NFD", password), encoded)
    assert check_password(password, make_password(normalize("NFD", password)))


# ASVS 6.2.8
@pytest.mark.parametrize("other", ["Café crème brûlée", " café crème brûlée", "cafe creme brulee", "café crème brûlé"])
def test_nothing_else_is_evened_out(other: str) -> None:
    assert not check_password(other, make_password(COMPOSED))


def test_longest_text_that_is_taken_is_hashed_as_a_whole() -> None:
    longest = "x" * limits.PASSWORD_LONGEST_TYPED
    encoded = make_password(longest)
    assert check_password(longest, encoded)
    assert not check_password(longest + "x", encoded)
    with pytest.raises(ValueError, match="longer"):
        make_password(longest + "x")


# ASVS 11.4.2
# NIST N20
def test_the_cost_is_that_of_the_policy(production_hashes: None) -> None:
    facts = Argon2idHasher().decode(make_password("vier ezels lopen weg"))
    assert (facts["variety"], facts["memory_cost"]) == ("argon2id", limits.ARGON2_MEMORY_KIB)
    assert (facts["time_cost"], facts["parallelism"]) == (limits.ARGON2_TIME, limits.ARGON2_PARALLELISM)


# ASVS 11.4.2
def test_production_hashes_at_the_owasp_minimum_although_the_tests_do_not() -> None:
    made = "from django.contrib.auth.hashers import make_password; print(make_password('vier ezels lopen weg'))"
    production = os.environ | {"DJANGO_SETTINGS_MODULE": "assetmaps.settings"}
    command = [sys.executable, "-c", f"import django; django.setup(); {made}"]
    encoded = subprocess.run(command, env=production, capture_output=True, text=True, check=True).stdout
    assert encoded.startswith("argon2nfc$argon2id$v=19$m=19456,t=2,p=1$")
    assert not make_password("vier ezels lopen weg").startswith(encoded[: encoded.rindex("p=1$")])


class Weaker(Argon2idHasher):
    time_cost = 1


# ASVS 11.2.2
@pytest.mark.django_db
@pytest.mark.parametrize("made_with", [PBKDF2PasswordHasher, Argon2PasswordHasher, Weaker])
@pytest.mark.parametrize("stored", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
def test_a_hash_made_before_signs_in_and_is_renewed(
    production_hashes: None, made_with: type, stored: str, typed: str
) -> None:
    hasher = made_with()
    person = UserFactory(password=hasher.encode(stored, hasher.salt()))
    assert authenticate(None, username=person.email, password=typed) == person
    person.refresh_from_db()
    assert person.password.startswith("argon2nfc$argon2id$v=19$m=19456,t=2,p=1$")
    assert person.check_password(COMPOSED)
    assert person.check_password(DECOMPOSED)


@pytest.mark.django_db
def test_a_wrong_password_does_not_renew_a_hash() -> None:
    hasher = Argon2PasswordHasher()
    person = UserFactory(password=hasher.encode(COMPOSED, hasher.salt()))
    before = person.password
    assert authenticate(None, username=person.email, password="iets heel anders") is None
    person.refresh_from_db()
    assert person.password == before


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\u3000"])
def test_every_kind_of_space_is_a_space(space: str) -> None:
    """RFC 8265 section 4.2.2: a phone types a no-break space where a keyboard has the plain one."""
    typed = f"een{space}lange{space}zin vol woorden"
    plain = typed.replace(space, " ")
    assert check_password(typed, make_password(plain))
    assert check_password(plain, make_password(typed))
    assert not check_password(plain.replace(" ", ""), make_password(typed))


def test_hash_of_before_with_another_space_still_opens() -> None:
    typed = "een\u00a0lange\u00a0zin vol woorden"
    before = Argon2PasswordHasher.encode(Argon2idHasher(), typed, "zoutzoutzout")
    assert check_password(typed, before)
