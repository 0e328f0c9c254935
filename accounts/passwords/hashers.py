"""How passwords are stored: Argon2id over the composed form of what was typed.

Keyboards write one and the same é as one code point or as two, so what is hashed is the NFC form (NIST SP 800-63B-4
section 3.1.1.2), with every kind of space as a space (`accounts.unicode_text.opaque`). The algorithm's name says so:
hashes under any other name were made before, or brought along from elsewhere. They are still read, and Django makes
them anew at the next sign-in because the name differs.

Each hash waits for its turn (`accounts.hash_queue`), and may raise TooBusyError.
"""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from accounts import limits
from accounts.hash_queue import run_queued
from accounts.unicode_text import normalise, opaque


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id at the OWASP minimum (ASVS appendix C). Django's default takes 100 MiB a hash: with eight people signing
    in at once that is a way to exhaust the memory. Hashes made with other costs are read, and renewed at sign-in."""

    algorithm = "argon2nfc"
    memory_cost = limits.ARGON2_MEMORY_KIB
    time_cost = limits.ARGON2_TIME
    parallelism = limits.ARGON2_PARALLELISM

    def encode(self, password: str, salt: str) -> str:
        """Raises ValueError for what nobody can type at the sign-in."""
        if _is_too_long(password):
            raise ValueError("a password is longer than any that is taken")
        return run_queued(super().encode, opaque(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        typed, verify = _beginning(password), super().verify
        # The second form was hashed before every kind of space counted as one; without such spaces it is the same.
        forms = dict.fromkeys([opaque(typed), normalise("NFC", typed)])
        same = any(run_queued(verify, form, encoded) for form in forms)
        return same and not _is_too_long(password)


def _is_too_long(password: str) -> bool:
    return len(password) > limits.PASSWORD_LONGEST_TYPED


def _beginning(password: str) -> str:
    """What is hashed of any password; of one that is too long as well, so that refusing it takes the usual time."""
    return password[: limits.PASSWORD_LONGEST_TYPED]


def _forms(password: str) -> list[str]:
    """As typed, composed and decomposed; one and the same for plain letters, which then cost one hash as ever."""
    typed = _beginning(password)
    return list(dict.fromkeys([typed, normalise("NFC", typed), normalise("NFD", typed)]))


class EarlierArgon2Hasher(Argon2PasswordHasher):
    """Reads ``argon2$…``, whichever form was typed when it was made. Never makes one."""

    def verify(self, password: str, encoded: str) -> bool:
        verify = super().verify
        same = any(run_queued(verify, form, encoded) for form in _forms(password))
        return same and not _is_too_long(password)


class EarlierPBKDF2Hasher(PBKDF2PasswordHasher):
    """Reads ``pbkdf2_sha256$…``, whichever form was typed when it was made. Never makes one."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """For comparing, which Django does by way of this."""
        return run_queued(super().encode, password, salt, iterations)

    def verify(self, password: str, encoded: str) -> bool:
        same = any(super(EarlierPBKDF2Hasher, self).verify(form, encoded) for form in _forms(password))
        return same and not _is_too_long(password)
