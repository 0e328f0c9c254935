"""The host of the portal, to which passkeys are bound."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from accounts import ip_addresses


def name() -> str:
    """Of `PUBLIC_URL`, without a port."""
    return urlsplit(settings.PUBLIC_URL).hostname or ""


def can_have_passkeys() -> bool:
    """False where browsers offer none: at an IP address, and without TLS on another host than this machine's."""
    scheme, host = urlsplit(settings.PUBLIC_URL).scheme, name()
    return bool(host) and ip_addresses.parse(host) is None and (scheme == "https" or host == "localhost")
