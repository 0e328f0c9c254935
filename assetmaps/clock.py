"""How far the clock of this machine is off: codes of authenticator apps are judged by it.

Compared with the clock of the database where that is another machine, and with the header `Date` of a web server that
`CLOCK_URL` names (RFC 9110 section 6.6.1; whole seconds).
"""

from __future__ import annotations

import logging
import time
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError
from urllib.request import Request

from django.conf import settings
from django.db import connection

from accounts import limits, outbound_requests
from accounts.passwords.breached import opener_without_redirects

log = logging.getLogger(__name__)
SERVER = outbound_requests.Service("clock", at_once=1)
SECONDS = limits.OUTSIDE_TIMEOUT.total_seconds()


def ahead_of_database() -> float | None:
    """Seconds, negative when behind; None for SQLite, which has the clock of this machine."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # connects first, so that the next statement is quick
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (theirs,) = cursor.fetchone()
    return (before + time.time()) / 2 - float(theirs)


class OutsideClock:
    """The clock of `CLOCK_URL`; it is asked once in `limits.CLOCK_ASKED`."""

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        self._ahead: float | None = None

    def ahead(self) -> float | None:
        """Seconds, negative when this machine is behind; None without `CLOCK_URL` or while it does not answer."""
        if settings.CLOCK_URL and time.monotonic() - self._asked_at >= limits.CLOCK_ASKED.total_seconds():
            self._asked_at = time.monotonic()
            self._ahead = self._ask()
        return self._ahead

    def _ask(self) -> float | None:
        try:
            with SERVER.asking(settings.CLOCK_URL, despite_failure=True) as turn:
                return turn.in_time(_ask_date, time.monotonic() + SECONDS)
        except Exception as mistake:  # whatever is wrong there, it says nothing about our clock
            log.warning("CLOCK_URL could not be asked for the time: %s", type(mistake).__name__)
            return None


def _ask_date() -> float:
    """Raises OSError, and ValueError for an answer without a date."""
    question = Request(settings.CLOCK_URL, method="HEAD", headers={"Cache-Control": "no-cache"})  # noqa: S310 - https
    before = time.time()
    try:
        answer = opener_without_redirects.open(question, timeout=SECONDS)
    except HTTPError as refusal:  # a redirect or a refusal has a date too
        answer = refusal
    with answer:
        theirs = parsedate_to_datetime(answer.headers.get("Date") or "").timestamp()
        kept = float(answer.headers.get("Age") or 0)  # by a cache on the way, for so many seconds
    return (before + time.time()) / 2 - theirs - kept - 0.5  # the header leaves out the fraction of a second


OUTSIDE = OutsideClock()
