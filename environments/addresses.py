"""The address of an environment: a host of its own, never the portal's (ASVS 3.5.4)."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.unicode_text import normalise, split_address

LONGEST_HOST = 253  # characters (RFC 1035)


def host_of(address: str) -> str:
    """The host as a browser understands it: lower case, without the last dot, letters outside ASCII as "xn--".

    "" when there is none.
    """
    try:
        host = split_address(address).hostname or ""
    except ValueError:
        return ""
    return _plain(host)[:LONGEST_HOST]


def _plain(host: str) -> str:
    host = normalise("NFKC", host).lower().replace("\u3002", ".").rstrip(".")
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def own_hosts() -> set[str]:
    """The hosts of the portal itself. A pattern in ALLOWED_HOSTS is no host name, so it is left out."""
    exact = {name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))}
    return {host_of(settings.PUBLIC_URL), *(host_of(f"//{name}") for name in exact)}


def not_ours(address: str) -> None:
    """Raise ValidationError for the portal's own host, where an environment would share its cookies and its trust."""
    if host_of(address) in own_hosts():
        raise ValidationError(_("This is the portal itself. An environment has an address of its own."), code="own")


def says_nothing_else(address: str) -> None:
    """Raise ValidationError for a name before the host: "https://mijn.voorbeeld.nl@elders.nl" leads to elders.nl."""
    if "@" in address.partition("//")[2].partition("/")[0]:
        raise ValidationError(_("Leave out the name before the @ in the address."), code="userinfo")
