"""Reports of errors to a Sentry server (`SENTRY_DSN`); off while that is empty, and then the library is not loaded.

A report is made from each line of the log at level ERROR or above. It holds where in the program it happened and the
number of the request, and nothing that anybody typed or sent: no request, address, person, cookie, text of an exception
or value of a variable. The log on this machine has those, cut as `assetmaps.logs` cuts them, under the same number.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

from assetmaps import logs

if TYPE_CHECKING:
    from sentry_sdk._types import Event, Hint

# What is kept of an event; everything that a later version of the library adds is left out until somebody adds it here.
KEPT = ("event_id", "timestamp", "level", "platform", "logger", "release", "environment", "server_name")
KEPT_OF_EXCEPTION = ("type", "module")
KEPT_OF_FRAME = (
    "filename",
    "abs_path",
    "function",
    "module",
    "lineno",
    "pre_context",
    "context_line",
    "post_context",
    "in_app",
)
OWN = ("accounts", "assetmaps", "environments")
NOBODYS_FAULT = "django.security.DisallowedHost"  # any visitor can cause a line with whatever name


def begin() -> None:
    """Also in every process that is forked from this one: two must not send over the connection that the first opened,
    or each gets the answers to the other one's reports."""
    _connect()
    os.register_at_fork(after_in_child=_connect)


def _connect() -> None:
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SECURE_SSL_HOST,
        # Only the log: the other integrations read requests, arguments of commands and statements.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        before_send=without_personal_data,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
    )
    ignore_logger(NOBODYS_FAULT)


def without_personal_data(event: Event, _hint: Hint) -> Event:
    """A new event of the parts that can hold none. The text of a line is its template, without what was filled in."""
    kept: dict[str, Any] = {name: event[name] for name in KEPT if name in event}  # type: ignore[literal-required]
    kept["tags"] = {"request": logs.reference.get()}
    kept["logentry"] = {"message": _template(event.get("logger") or "", event.get("logentry") or {})}
    exceptions: Any = event.get("exception") or {}
    if values := exceptions.get("values"):
        kept["exception"] = {"values": [_exception(one) for one in values]}
    return kept  # type: ignore[return-value]


def _template(logger: str, entry: Any) -> str:
    """Ours never hold what was filled in; those of libraries do, unless they have parameters."""
    is_template = logger.startswith(OWN) or entry.get("params")
    return logs.redact(str(entry.get("message", ""))) if is_template else "see the log"


def _exception(found: dict[str, Any]) -> dict[str, Any]:
    frames = (found.get("stacktrace") or {}).get("frames") or []
    kept = {name: found[name] for name in KEPT_OF_EXCEPTION if name in found}
    # The text could hold a row of the database, or what a visitor typed.
    return kept | {"value": "see the log", "stacktrace": {"frames": [_frame(one) for one in frames]}}


def _frame(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in KEPT_OF_FRAME if name in found}
