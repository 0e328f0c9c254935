"""The log: one JSON object a line, UTC, with the reference number of the request, and nothing secret.

Own lines instead of a library (python-json-logger, structlog): what matters here is what must *not* get out, and that
is this file's `SECRET` pattern; the JSON itself is one call.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime

from accounts import limits
from accounts.audit.origin import REFERENCE

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter that is mistaken for a digit on the telephone
REFERENCE_LENGTH = 10  # 49 bits: unique for any practical purpose, short enough to read out

reference: ContextVar[str] = ContextVar("reference", default="")  # of the request in hand; empty outside requests

# Session keys, mailed links, signed cookies, authenticator keys: all are long runs without a space, dot or slash.
# Whatever looks like one is cut, so that an address or an exception cannot carry it into the log (ASVS 16.2.5).
SECRET = re.compile(r"[A-Za-z0-9_\-=%:]{30,}")
NAME = re.compile(r"[a-z]*(_[a-z]*)+")  # of a function, in a traceback
FACTS = ("status_code", "facts")  # what a call may add with `extra`


def fresh_reference() -> str:
    text = "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))
    return f"{text[:5]}-{text[5:]}"


def without_secrets(text: str) -> str:
    return SECRET.sub(lambda found: found[0] if NAME.fullmatch(found[0]) else "[cut]", text)


_told: dict[str, float] = {}
_told_lock = threading.Lock()


def is_news(fault: str) -> bool:
    """Is it time to log this fault (again)? For what every request would log. ``fault``: one of a few fixed names."""
    now = time.monotonic()
    with _told_lock:
        if now - _told.get(fault, float("-inf")) < limits.LOG_AGAIN.total_seconds():
            return False
        _told[fault] = now
        return True


class Reference(logging.Filter):
    """Puts the reference number on the record when the line is written, in the thread of the request.

    Django writes some lines after the last middleware, but with the request on the record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        record.reference = reference.get() or getattr(request, "META", {}).get(REFERENCE, "")
        return True


class JsonFormatter(logging.Formatter):
    """ASCII only, so control characters and line ends of a visitor come out escaped (ASVS 16.4.1)."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "reference", ""),
            "message": without_secrets(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in FACTS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, default=str)
