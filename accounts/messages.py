"""Storage of Django's messages, which are shown once on the next page."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class PrefixedCookieStorage(CookieStorage):
    """Django's signed cookie, under a name that no other host can plant (ASVS 3.3.1)."""

    cookie_name = f"{settings.COOKIE_PREFIX}messages"
