"""Flags, keys, lists, paths and mail addresses. Each function raises UnreadableError."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import encryption, limits
from assetmaps.configuration.errors import UnreadableError

TELEPHONE = re.compile(r"\+?(?:[ ()-]*[0-9]){3,}")
ON, OFF = ("true", "yes", "y", "on", "ok", "1"), ("false", "no", "n", "off", "0")


def parts(text: str) -> list[str]:
    """The parts between the commas, without empty ones."""
    return [part.strip() for part in text.split(",") if part.strip()]


def entries(judge: Callable[[str], str]) -> Callable[[str], list[str]]:
    """A parser of a comma-separated list that applies ``judge`` to each entry; errors name the number of the entry."""

    def judged(text: str) -> list[str]:
        found = []
        for number, part in enumerate(parts(text), 1):
            try:
                found.append(judge(part))
            except UnreadableError as mistake:
                raise UnreadableError(f"(entry {number}) {mistake}") from None
        return found

    return judged


def flag(text: str) -> bool:
    if text.lower() in ON:
        return True
    if text.lower() in OFF:
        return False
    raise UnreadableError("is neither true nor false.")


def worker(text: str) -> str:
    """Who runs the worker."""
    if text not in ("embedded", "separate"):
        raise UnreadableError("is neither embedded nor separate.")
    return text


def signing_key(text: str) -> str:
    if len(text) < limits.SIGNING_KEY_LEAST:
        raise UnreadableError(f"is too short: {limits.SIGNING_KEY_LEAST} characters at least, better 50 random ones.")
    return text


def encryption_key(text: str) -> str:
    try:
        encryption.key_of(text)
    except ValueError:
        raise UnreadableError("is not 32 random bytes in URL-safe base64; README.md has a command for it.") from None
    return text


def file(text: str) -> str:
    """The absolute path of a file, or "" for none."""
    if text and not (text.startswith("/") and not text.endswith("/")):
        raise UnreadableError("is not the whole path of a file, which begins with /.")
    return text


def telephone(text: str) -> str:
    """A telephone number as people write it, or "" for none."""
    if text and not TELEPHONE.fullmatch(text):
        raise UnreadableError("is not one telephone number: digits, spaces, +, ( ) and - only, three digits at least.")
    return text


def mail_address(text: str) -> str:
    """One mail address, or "" for none."""
    try:
        if text:
            validate_email(text)
    except ValidationError:
        raise UnreadableError("is not one e-mail address.") from None
    return text
