"""Where an action came from, as a plain value, so that flows never see a request."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import ip_addresses
from accounts.unicode_text import without_control_characters

LONGEST_BROWSER = 300
# In `request.META`: the number of the request, and who passed it on without an address. No header can be stored here,
# because their names begin with HTTP_.
REFERENCE = "portal.reference"
VIA = "portal.via"


class Origin(NamedTuple):
    """``address``: IP address or None when not known; ``browser``: the User-Agent header on one line; ``reference``:
    the number of the request, which is on its lines in the log too; ``via``: when the address is not known, the proxy
    or socket that did not tell it, so that limits by network apply all the same."""

    address: str | None = None
    browser: str = ""
    reference: str = ""
    via: str = ""

    @property
    def place(self) -> str:
        """For the log."""
        return self.address or f"an address that {self.via or 'the server'} does not tell"

    @classmethod
    def of(cls, request: HttpRequest) -> Origin:
        """The origin of a request. Behind a proxy REMOTE_ADDR has been set by the WSGI application."""
        ip = ip_addresses.parse(request.META.get("REMOTE_ADDR", ""))
        browser = without_control_characters(request.headers.get("User-Agent", ""))[:LONGEST_BROWSER]
        reference, via = request.META.get(REFERENCE, ""), request.META.get(VIA, "")
        return cls(str(ip) if ip else None, browser, reference, via)


# In this order: most browsers also carry the names of those after them.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser_in_words(user_agent: str) -> str:
    """ "Chrome on Windows", for people who check whether it was them. Browsers may send anything here."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("unknown browser")


CONSOLE = Origin(browser="manage.py")
