"""Time-based one-time codes (RFC 6238 over RFC 4226), on django-otp's HOTP. Knows no database and no request."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from argon2.low_level import Type, hash_secret_raw
from django.utils.crypto import constant_time_compare
from django_otp.oath import hotp

from accounts import limits
from accounts.hash_queue import in_turn

_SEPARATORS = re.compile(r"[\s\u00a0\u2007\u202f\u2060\u200b\ufeff\-\u2010-\u2015]+")
_SIX_DIGITS = re.compile(rf"[0-9]{{{limits.TOTP_DIGITS}}}")  # [0-9]: \d would take Arabic and full-width digits


def parse(typed: str) -> str | None:
    """The six digits in what somebody typed ("123 456", "123-456"), or None when it is not a code."""
    code = _SEPARATORS.sub("", typed)
    return code if _SIX_DIGITS.fullmatch(code) else None


def present_step() -> int:
    """The time step by the server's clock; the visitor's clock never counts (ASVS 6.5.8)."""
    return int(time.time() // limits.TOTP_STEP.total_seconds())


class Match(Enum):
    RIGHT = auto()
    USED = auto()  # right, but its step or a later one was used already
    CLOCK_OFF = auto()  # right for another moment: the phone's clock is wrong
    WRONG = auto()


@dataclass(frozen=True)
class Verdict:
    match: Match
    step: int = -1  # the time step that the code belongs to; -1 for WRONG
    minutes_off: int = 0  # CLOCK_OFF: how far the phone's clock is ahead (positive) or behind, at least one


def judge(code: str, secret: bytes, *, last_step: int, void_steps: Sequence[int]) -> Verdict:
    """Hold six digits against the secret. Changes nothing: the caller claims the step.

    Steps t-1, t and t+1 are accepted (RFC 6238 section 5.2); wider ones, within `limits.TOTP_DIAGNOSIS`, only explain.
    """
    now = present_step()
    for step in range(now - limits.TOTP_WINDOW, now + limits.TOTP_WINDOW + 1):
        if _equals(code, secret, step):
            used = step <= last_step or step in void_steps
            return Verdict(Match.USED if used else Match.RIGHT, step)
    width = int(limits.TOTP_DIAGNOSIS / limits.TOTP_STEP)
    for distance in range(limits.TOTP_WINDOW + 1, width + 1):
        for step in (now - distance, now + distance):
            if _equals(code, secret, step):
                return _explain(step, now, last_step)
    return Verdict(Match.WRONG)


def _explain(step: int, now: int, last_step: int) -> Verdict:
    if step <= last_step:
        return Verdict(Match.USED, step)
    minutes = (step - now) * limits.TOTP_STEP.total_seconds() / 60
    return Verdict(Match.CLOCK_OFF, step, round(minutes) or (1 if minutes > 0 else -1))


def _equals(code: str, secret: bytes, step: int) -> bool:
    return constant_time_compare(code, f"{hotp(secret, step, limits.TOTP_DIGITS):0{limits.TOTP_DIGITS}d}")


_RECOVERY_CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{16}")


def parse_recovery_code(typed: str) -> str | None:
    """The sixteen signs of a recovery code in any case, with or without groups; look-alikes are read as meant."""
    code = _SEPARATORS.sub("", typed).upper().translate(str.maketrans("OIL", "011"))
    return code if _RECOVERY_CODE.fullmatch(code) else None


# Without letters and digits that sound or look alike on the telephone.
TELEPHONE_SIGNS = "23456789ABCDEFGHKMNPRSTVWXYZ"
_BRIDGE_CODE = re.compile(rf"[{TELEPHONE_SIGNS}]{{{limits.BRIDGE_CODE_SIGNS}}}")


def parse_bridge_code(typed: str) -> str | None:
    """The signs of a code that support read out, in any case, with or without groups; None when it is not one."""
    code = _SEPARATORS.sub("", typed).upper()
    return code if _BRIDGE_CODE.fullmatch(code) else None


def slow_digest(code: str, salt: bytes) -> str:
    """How a code of less than 112 random bits is stored: salted argon2id, hexadecimal (ASVS 6.5.2). Raises
    TooBusyError."""
    return slow_digests([code], salt)[0]


def slow_digests(codes: Sequence[str], salt: bytes) -> list[str]:
    """The same for several at once, which wait for one turn together."""
    return in_turn(lambda: [_digest(code, salt) for code in codes])


def _digest(code: str, salt: bytes) -> str:
    return hash_secret_raw(
        code.encode(),
        bytes(salt),
        time_cost=limits.ARGON2_TIME,
        memory_cost=limits.ARGON2_MEMORY_KIB,
        parallelism=limits.ARGON2_PARALLELISM,
        hash_len=32,
        type=Type.ID,
    ).hex()
