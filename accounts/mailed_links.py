"""The part of a mailed link that is a token, in the addresses of the pages that such links lead to."""

from __future__ import annotations

import re

from django.urls import register_converter

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
