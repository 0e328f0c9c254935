"""The log: one JSON object per line, in UTC, with the request ID and without secrets.

Own code instead of a library: what matters is that secrets are redacted (`SECRET`), and that only known fields are
written; the JSON itself is one call. python-json-logger writes every attribute that a call adds: Django adds the whole
request, under the name of our field with its number. structlog wants its own calls instead of the standard ones.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
from datetime import UTC, datetime

from accounts import limits
from accounts.audit.origin import REFERENCE
from accounts.log_context import reference

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without letters that are mistaken for digits
REFERENCE_LENGTH = 10  # 49 bits: unique for any practical purpose, short enough to read out


# Session keys, mailed tokens, signed cookies and TOTP secrets are long runs without a space, dot or slash. Every such
# run is redacted, so that an address or an exception cannot carry one into the log (ASVS 16.2.5).
SECRET = re.compile(r"[A-Za-z0-9_\-=%:]{30,}")
NAME = re.compile(r"[a-z]*(_[a-z]*)+")  # of a function, in a traceback
EXTRA_FIELDS = ("status_code", "facts")  # that a call may add with `extra`


def new_reference() -> str:
    number, text = secrets.randbelow(len(ALPHABET) ** REFERENCE_LENGTH), ""
    for _ in range(REFERENCE_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        text += ALPHABET[digit]
    return f"{text[:5]}-{text[5:]}"


def redact(text: str) -> str:
    return SECRET.sub(lambda found: found[0] if NAME.fullmatch(found[0]) else "[cut]", text)


_last_logged: dict[str, float] = {}
_last_logged_lock = threading.Lock()


def is_due(fault: str) -> bool:
    """Whether to log this fault (again): limits what every request would log. ``fault``: one of a few fixed names."""
    now = time.monotonic()
    with _last_logged_lock:
        if now - _last_logged.get(fault, float("-inf")) < limits.LOG_AGAIN.total_seconds():
            return False
        _last_logged[fault] = now
        return True


class ReferenceFilter(logging.Filter):
    """Adds the request ID to the record, in the thread of the request.

    Django logs some lines after the last middleware, but with the request on the record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        record.reference = reference.get() or getattr(request, "META", {}).get(REFERENCE, "")
        return True


class JsonFormatter(logging.Formatter):
    """ASCII only, so that control characters and line breaks from a visitor are escaped (ASVS 16.4.1)."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "reference", ""),
            "message": redact(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in EXTRA_FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, default=str)
