"""The part of a mailed link that is a token: in the addresses of the pages that such links lead to, and the keyed hash
in it of what makes the link void when it changes."""

from __future__ import annotations

import re

from django.conf import settings
from django.urls import register_converter
from django.utils.crypto import constant_time_compare, salted_hmac

# The characters of `django.core.signing`; a copied link may end in the full stop, bracket or space that followed it.
_TOKEN = re.compile(r"[A-Za-z0-9_:-]*")


class MailedToken:
    """``<mailed:token>``: takes everything, so that a link with something behind it works, and a broken one ends at
    the page that offers a new link instead of at "does not exist"."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        """The token without what came to stand behind it; "-" when nothing is left of it."""
        match = _TOKEN.match(value)
        return (match and match[0]) or "-"

    def to_url(self, value: str) -> str:
        return value


register_converter(MailedToken, "mailed")


def hash_of(facts: str, salt: str) -> str:
    """A keyed hash, 32 hexadecimal digits."""
    return _hash(facts, salt, settings.SECRET_KEY)


def is_hash_of(given: str, facts: str, salt: str) -> bool:
    """Was it made from these facts with SECRET_KEY or one of SECRET_KEY_FALLBACKS? So a link that was mailed before a
    change of the key works, and one that another process makes while they are restarted."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(given, _hash(facts, salt, key)) for key in keys)


def _hash(facts: str, salt: str, key: str) -> str:
    return salted_hmac(salt, facts, secret=key, algorithm="sha256").hexdigest()[:32]
