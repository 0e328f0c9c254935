"""Time-based one-time passwords (RFC 6238, RFC 4226) with django-otp's HOTP. No database, no HTTP request."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from django.utils.crypto import constant_time_compare
from django_otp.oath import hotp

from accounts import limits
from accounts.hash_queue import CORES, run_together
from accounts.two_factor.normalisation import letters, without_groups

_SIX_DIGITS = re.compile(rf"[0-9]{{{limits.TOTP_DIGITS}}}")


def parse(typed: str) -> str | None:
    """The six digits in what somebody typed ("123 456", "123-456", "１２３４５６"), or None when it is not a code."""
    code = without_groups(typed)
    return code if _SIX_DIGITS.fullmatch(code) else None


def present_step() -> int:
    """The present time step, by the server's clock (ASVS 6.5.8)."""
    return int(time.time() // limits.TOTP_STEP.total_seconds())


class Match(Enum):
    RIGHT = auto()
    USED = auto()  # right, but its step or a later one was used already
    CLOCK_OFF = auto()  # right for another moment: the phone's clock is wrong
    WRONG = auto()
    UNREADABLE = auto()  # not compared: the secret cannot be decrypted


class Verdict(NamedTuple):
    match: Match
    step: int = -1  # the time step that the code belongs to; -1 for WRONG
    minutes_off: int = 0  # CLOCK_OFF: how far the phone's clock is ahead (positive) or behind, at least one


def _steps(period: float) -> int:
    return round(period / limits.TOTP_STEP.total_seconds())


def _clock_offsets() -> tuple[tuple[int, int], ...]:
    """The clock errors that are recognised, as (steps, minutes to display), the smallest first.

    Every step within `limits.TOTP_DIAGNOSIS`; and whole and half hours and a day, each with the usual window: time
    zones, summer time and a wrong date.
    """
    drifts = [
        (steps, _minutes(steps))
        for steps in range(limits.TOTP_WINDOW + 1, _steps(limits.TOTP_DIAGNOSIS.total_seconds()) + 1)
    ]
    unit = limits.TOTP_DIAGNOSIS_UNIT
    zones = [unit * count for count in range(1, limits.TOTP_DIAGNOSIS_ZONES // unit + 1)]
    zone_errors = [
        (_steps(zone.total_seconds()) + aside, round(zone.total_seconds() / 60))
        for zone in (*zones, limits.TOTP_DIAGNOSIS_DAY)
        for aside in (0, *range(-limits.TOTP_WINDOW, 0), *range(1, limits.TOTP_WINDOW + 1))
    ]
    return tuple((sign * steps, sign * minutes) for steps, minutes in (*drifts, *zone_errors) for sign in (-1, 1))


def _minutes(steps: int) -> int:
    return round(steps * limits.TOTP_STEP.total_seconds() / 60) or 1


CLOCK_OFFSETS = _clock_offsets()


def judge(code: str, secret: bytes, *, last_step: int, void_steps: Sequence[int]) -> Verdict:
    """Compare six digits with the secret. Changes nothing: the caller uses the step up.

    Steps t-1, t and t+1 are accepted (RFC 6238 section 5.2); those of `CLOCK_OFFSETS` only explain a wrong clock.
    """
    now = present_step()
    if (step := current_step_of(code, secret)) is not None:
        used = step <= last_step or step in void_steps
        return Verdict(Match.USED if used else Match.RIGHT, step)
    for distance, minutes in CLOCK_OFFSETS:
        step = now + distance
        if _equals(code, secret, step):
            return (
                Verdict(Match.USED, step) if _is_old(step, now, last_step) else Verdict(Match.CLOCK_OFF, step, minutes)
            )
    return Verdict(Match.WRONG)


def current_step_of(code: str, secret: bytes) -> int | None:
    """The step of the code, if it is one that the app shows at about this moment."""
    now = present_step()
    window = range(now - limits.TOTP_WINDOW, now + limits.TOTP_WINDOW + 1)
    return next((step for step in window if _equals(code, secret, step)), None)


def _is_old(step: int, now: int, last_step: int) -> bool:
    """Within the diagnosis window: old when a later code was used since. Further away it is a clock error, unless it is
    the code that was used last."""
    is_recent = now - step <= _steps(limits.TOTP_DIAGNOSIS.total_seconds())
    return step <= last_step if is_recent else step == last_step


def _equals(code: str, secret: bytes, step: int) -> bool:
    return constant_time_compare(code, f"{hotp(secret, step, limits.TOTP_DIGITS):0{limits.TOTP_DIGITS}d}")


RECOVERY_CODE_LENGTH = 16
_LOOK_ALIKES = str.maketrans("OIL", "011")
_GROUP = "[0-9A-HJKMNP-TV-Z]{4}"
# A code within other text, such as its line number; not adjacent to a letter, digit or further group.
_WITHIN = [
    re.compile(rf"(?<![0-9A-Z]){_GROUP}(?:{between}{_GROUP}){{3}}(?!{between}[0-9A-Z])(?![0-9A-Z])")
    for between in (" ?- ?", "", " +")
]
_ANYWHERE = re.compile("-".join([_GROUP] * 4))  # also in a list whose line ends were lost


def parse_recovery_code(typed: str) -> str | None:
    """The sixteen characters of a recovery code: any case, with or without groups, line number, bullet or quotes;
    look-alike characters are corrected. None when there is none, or more than one."""
    text = letters(typed).translate(_LOOK_ALIKES)
    signs = re.sub("[^0-9A-Z]", "", text)
    if len(signs) >= 2 * RECOVERY_CODE_LENGTH:
        return None
    is_whole = len(signs) == RECOVERY_CODE_LENGTH and len(signs) == sum(map(str.isalnum, text))
    found = [signs] if is_whole else [match for within in _WITHIN for match in within.findall(text)]
    code = re.sub("[^0-9A-Z]", "", found[0]) if found else ""
    return code if re.fullmatch(_GROUP * 4, code) else None


# Without letters and digits that sound or look alike.
BRIDGE_CODE_ALPHABET = "23456789ABCDEFGHKMNPRSTVWXYZ"
_BRIDGE_CODE = re.compile(rf"[{BRIDGE_CODE_ALPHABET}]{{{limits.BRIDGE_CODE_SIGNS}}}")


def parse_bridge_code(typed: str) -> str | None:
    """The characters of a bridge code, in any case, with or without groups and quotes; None when it is none."""
    text = letters(typed)
    code = re.sub(r"[\s\W_]", "", text)
    return code if _BRIDGE_CODE.fullmatch(code) else None


class Shape(Enum):
    """What kind of code a text looks like; not verified."""

    APP = auto()
    RECOVERY = auto()
    SEVERAL = auto()  # a list of recovery codes
    SUPPORT = auto()
    UNKNOWN = auto()


def shape_of(typed: str) -> Shape:
    if parse(typed):
        return Shape.APP
    if parse_recovery_code(typed):
        return Shape.RECOVERY
    text = letters(typed).translate(_LOOK_ALIKES)
    is_long = len(re.sub("[^0-9A-Z]", "", text)) >= 2 * RECOVERY_CODE_LENGTH
    if is_long and any(pattern.search(text) for pattern in (*_WITHIN, _ANYWHERE)):
        return Shape.SEVERAL
    # Eight digits alone are a code of something else.
    code = parse_bridge_code(typed)
    return Shape.SUPPORT if code and not code.isdigit() else Shape.UNKNOWN


def slow_digest(code: str, salt: bytes) -> str:
    """Salted argon2id, hexadecimal: to store a code of less than 112 random bits (ASVS 6.5.2). Raises TooBusyError."""
    return slow_digests([code], salt)[0]


def slow_digests(codes: Sequence[str], salt: bytes) -> list[str]:
    """The same for several codes, shared among the processor cores: the C library leaves Python's lock alone.

    One turn of the hash queue for each core, which leaves the others to people who sign in meanwhile.
    """
    size = -(-len(codes) // CORES)
    shares = [codes[first : first + size] for first in range(0, len(codes), size)]
    return [digest for part in run_together([partial(_digests, share, salt) for share in shares]) for digest in part]


def _digests(codes: Sequence[str], salt: bytes) -> list[str]:
    return [_digest(code, salt) for code in codes]


def _digest(code: str, salt: bytes) -> str:
    from argon2.low_level import Type, hash_secret_raw  # here, to save start-up time

    return hash_secret_raw(
        code.encode(),
        bytes(salt),
        time_cost=limits.ARGON2_TIME,
        memory_cost=limits.ARGON2_MEMORY_KIB,
        parallelism=limits.ARGON2_PARALLELISM,
        hash_len=32,
        type=Type.ID,
    ).hex()
