"""Codes as a phone computes them, with pyotp: a second TOTP implementation, independent of the one under test."""

from __future__ import annotations

import base64
import time

import pyotp

from accounts.two_factor import devices
from accounts.two_factor.models import Authenticator


def phone(device: Authenticator) -> pyotp.TOTP:
    return pyotp.TOTP(base64.b32encode(device.secret()).decode())


def code_of(person: object, seconds: float = 0) -> str:
    """The code that the person's authenticator app shows, its clock ``seconds`` ahead."""
    device = devices.authenticator_of(person)
    assert device is not None
    return phone(device).at(int(time.time() + seconds))


def wrong_code_of(person: object) -> str:
    """Six digits that belong to no moment of which the check of a code knows."""
    device = devices.authenticator_of(person)
    assert device is not None
    zones = [1800 * count for count in (*range(-28, 29), -48, 48)]
    moments = {*range(-900, 930, 30), *(zone + aside for zone in zones for aside in range(-90, 120, 30))}
    known = {phone(device).at(int(time.time()) + offset) for offset in moments}
    return next(code for code in (f"{n:06d}" for n in range(1000)) if code not in known)
