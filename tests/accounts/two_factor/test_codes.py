"""Parsing and comparing codes, and explaining wrong ones; no database."""

from __future__ import annotations

import base64
import os
import time

import pyotp
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from accounts.two_factor import codes
from accounts.two_factor.codes import Match

NOON = 1_795_435_200  # a multiple of 30 seconds
RFC_SECRET = b"12345678901234567890"


def judge(code: str, secret: bytes = RFC_SECRET, last_step: int = -1, void_step: int = -1) -> codes.Verdict:
    return codes.judge(code, secret, last_step=last_step, void_steps=[void_step])


@pytest.mark.parametrize(
    "typed",
    [
        *["012345", "012 345", " 012345 ", "012\u00a0345", "012-345", "0 1 2 3 4 5", "012\u202f345", "012\u2011345"],
        *["\u200e012345\u200f", "\u202a012345\u202c", "\ufeff012345", "012\u200b345", "012\u2060345", "0\u00ad12345"],
        *[
            "012\u2212345",
            "012\u2014345",
            "012\uff0d345",
            "012\ufe63345",
            "012\u2043345",
            "012\u3000345",
            "012\t345\r\n",
        ],
        *["０１２３４５", "٠١٢٣٤٥", "۰۱۲۳۴۵", "०१२३४५", "𝟎𝟏𝟐𝟑𝟒𝟓", "012３４５", "0\ufe0f1\ufe0f2\ufe0f345"],
    ],
)
def test_code_may_be_pasted_with_whatever_chats_and_mails_add(typed: str) -> None:
    assert codes.parse(typed) == "012345"


@pytest.mark.parametrize(
    "typed",
    [
        *[
            "",
            " ",
            "12345",
            "1234567",
            "abcdef",
            "+12345",
            "-+1234",
            "12_345",
            "1e5000",
            "0x1234",
            "12345\x00",
            "12345a",
        ],
        *["²²²²²²", "①②③④⑤⑥", "一二三四五六", "Ⅰ23456", "12345٦٧", "1" * 10_000],
    ],
)
def test_anything_else_is_not_a_code(typed: str) -> None:
    assert codes.parse(typed) is None


@given(st.text(max_size=40))
def test_any_text_is_six_ascii_digits_or_nothing(typed: str) -> None:
    code = codes.parse(typed)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())


# NIST N23
@pytest.mark.parametrize(
    ("moment", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_of_the_rfc_are_right(moment: int, code: str) -> None:  # RFC 6238 appendix B, its last six digits
    with time_machine.travel(moment, tick=False):
        assert judge(code).match is Match.RIGHT


# ASVS 6.5.8
@pytest.mark.parametrize("offset", [-31, -30, -1, 0, 29, 30, 59, 60])
def test_one_step_before_and_after_is_accepted(offset: int) -> None:  # ASVS 6.5.5
    accepted = -30 <= offset < 60
    with time_machine.travel(NOON, tick=False):
        verdict = judge(pyotp.TOTP(_base32(RFC_SECRET)).at(NOON + offset))
    assert (verdict.match is Match.RIGHT) == accepted


def test_own_computation_agrees_with_another_library() -> None:
    for _ in range(50):
        secret = os.urandom(20)
        assert judge(pyotp.TOTP(_base32(secret)).at(int(time.time())), secret).match is Match.RIGHT


def test_step_at_or_before_the_last_used_one_is_used() -> None:  # ASVS 6.5.1
    with time_machine.travel(NOON, tick=False):
        now = codes.present_step()
        phone = pyotp.TOTP(_base32(RFC_SECRET))
        assert judge(phone.at(NOON), last_step=now).match is Match.USED
        assert judge(phone.at(NOON - 30), last_step=now).match is Match.USED
        assert judge(phone.at(NOON - 300), last_step=now).match is Match.USED
        assert judge(phone.at(NOON + 30), last_step=now).match is Match.RIGHT
        assert judge(phone.at(NOON), void_step=now).match is Match.USED


@pytest.mark.parametrize(
    ("offset", "minutes"), [(60, 1), (300, 5), (600, 10), (-60, -1), (-300, -5), (-600, -10), (90, 2), (-90, -2)]
)
def test_wrong_clock_is_recognised_within_ten_minutes(offset: int, minutes: int) -> None:
    with time_machine.travel(NOON, tick=False):
        verdict = judge(pyotp.TOTP(_base32(RFC_SECRET)).at(NOON + offset))
    assert (verdict.match, verdict.minutes_off) == (Match.CLOCK_OFF, minutes)


# ASVS 6.5.8
@pytest.mark.parametrize("offset", [630, -630, 1680, 2700, 3600 + 90, -7200 - 120, 52_200, -52_200, 90_000, -172_800])
def test_clock_further_off_is_just_wrong(offset: int) -> None:
    with time_machine.travel(NOON, tick=False):
        assert judge(pyotp.TOTP(_base32(RFC_SECRET)).at(NOON + offset)).match is Match.WRONG


def _base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode()
