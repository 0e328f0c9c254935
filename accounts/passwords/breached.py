"""Was this password stolen elsewhere? Asked by k-anonymity: only five digits of its SHA-1 leave us.

Own code instead of the package pwned-passwords-django: that fixes the address of the service, limits neither the whole
time nor the size of the answer, and brings an HTTP library along. An outage never keeps anybody from a new password.
"""

from __future__ import annotations

import hashlib
import logging
import time
from functools import partial
from http.client import HTTPMessage
from typing import IO
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts import limits, outbound_requests
from accounts.unicode_text import opaque

log = logging.getLogger(__name__)
PREFIX = 5
OWN_MACHINE = ("127.0.0.1", "localhost", "::1")  # a copy of the list may run beside us, without TLS
CHUNK = 16_384
SECONDS = limits.BREACHED_TIMEOUT.total_seconds()
LIST = outbound_requests.Service("breached", at_once=limits.BREACHED_AT_ONCE)


class NoRedirects(HTTPRedirectHandler):
    """The look-up goes to the configured host or nowhere (ASVS 13.2.4)."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


opener_without_redirects = build_opener(NoRedirects)


def check_address() -> None:
    """Raise ImproperlyConfigured unless the address is empty, https, or on this machine itself."""
    if not settings.BREACHED_PASSWORDS_URL:
        return
    address = urlsplit(settings.BREACHED_PASSWORDS_URL)
    own = address.scheme == "http" and address.hostname in OWN_MACHINE
    if not own and not (address.scheme == "https" and address.hostname):
        raise ImproperlyConfigured("BREACHED_PASSWORDS_URL: the address has to begin with https://.")


def is_known(password: str) -> bool:
    """Does the list have it? False when the look-up is switched off or fails; a failure is logged."""
    if not settings.BREACHED_PASSWORDS_URL:
        return False
    check_address()
    digest = hashlib.sha1(opaque(password).encode(), usedforsecurity=False).hexdigest().upper()
    try:
        with LIST.asking(settings.BREACHED_PASSWORDS_URL) as turn:
            return _has(_answer(digest[:PREFIX], turn), digest[PREFIX:])
    except outbound_requests.NotAskedError as refused:
        log.warning("the look-up of a stolen password was left out: %s", type(refused).__name__)
        return False
    except outbound_requests.InTransactionError:
        raise
    except Exception as mistake:  # any failure of the service is logged, and refuses no password
        # Its kind only: the text could hold the address, and with it part of the digest.
        log.warning("the look-up of a stolen password failed: %s", type(mistake).__name__)
        return False


def _answer(prefix: str, turn: outbound_requests.Slot) -> str:
    try:
        return turn.in_time(partial(_range, prefix), time.monotonic() + SECONDS)
    except Exception:
        turn.fail()
        raise


def _range(prefix: str) -> str:
    """All endings that the service knows for these five digits, one ``ENDING:count`` a line."""
    deadline = time.monotonic() + SECONDS
    address = f"{settings.BREACHED_PASSWORDS_URL.rstrip('/')}/{prefix}"
    # Padding: without it the size of the answer would reveal to an eavesdropper which range was requested.
    request = Request(address, headers={"Add-Padding": "true", "User-Agent": "Assetmaps"})  # noqa: S310 - see check_address
    received = bytearray()
    with opener_without_redirects.open(request, timeout=SECONDS) as answer:
        while chunk := answer.read1(CHUNK):
            received += chunk
            if len(received) > limits.BREACHED_LONGEST_ANSWER or time.monotonic() > deadline:
                raise ValueError("the answer is too long or too slow")
    return received.decode("ascii")


def _has(answer: str, ending: str) -> bool:
    """Padding has a count of zero."""
    lines = (line.partition(":") for line in answer.split())
    return any(found.upper() == ending and count.strip("0,") != "" for found, _colon, count in lines)
