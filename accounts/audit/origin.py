"""Where an action came from, as a plain value, so that flows never see a request."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from django.http import HttpRequest

LONGEST_BROWSER = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    """Without control characters, so that what a visitor sends stays on one line of a log (ASVS 16.4.1)."""
    return _CONTROL.sub(" ", text)


@dataclass(frozen=True)
class Origin:
    """``address``: IP address or None when not known; ``browser``: the User-Agent header on one line."""

    address: str | None = None
    browser: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Origin:
        """The origin of a request. Behind a proxy REMOTE_ADDR has been set by the WSGI application."""
        try:
            address = str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
        except ValueError:
            address = None
        return cls(address, one_line(request.headers.get("User-Agent", ""))[:LONGEST_BROWSER])


CONSOLE = Origin(browser="manage.py")
