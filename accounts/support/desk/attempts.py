"""The newest sign-in attempts, each with its result as a text to read out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts import limits
from accounts.audit import activity
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import browser_in_words
from accounts.models import User
from accounts.organisations import scope

ATTEMPTS = (
    Event.SIGNED_IN,
    Event.PASSWORD_REFUSED,
    Event.CODE_REFUSED,
    Event.RECOVERY_CODE_USED,
    Event.RECOVERY_CODE_REFUSED,
    Event.PASSKEY_REFUSED,
    Event.PASSKEY_COUNT_FELL,
    Event.ACTIVATION_REFUSED,
    Event.SWITCHING_OFF_REFUSED,
    Event.IDENTITY_CONFIRMED,
    Event.IDENTITY_REFUSED,
    Event.PASSWORD_TREATED_AS_STOLEN,
)


@dataclass(frozen=True)
class Attempt:
    """``result``: beside ``what``, which may say "refused" already; empty when there is nothing more to say."""

    at: datetime
    what: str
    result: str
    succeeded: bool
    browser: str
    address: str


def newest(subject: User, worker: User) -> list[Attempt]:
    """The last `limits.ATTEMPTS_SHOWN` in the audit trails in the worker's scope, newest first."""
    seen = scope.organisations(worker, "organisation_id")
    entries = AuditEntry.objects.filter(seen, subject=subject, event__in=ATTEMPTS).order_by("-pk")
    return [
        Attempt(
            at=entry.at,
            what=entry.get_event_display(),
            result=activity.cause(entry, activity.result_for_support(entry)),
            succeeded=entry.succeeded,
            browser=browser_in_words(entry.browser),
            address=entry.address or "",
        )
        for entry in entries[: limits.ATTEMPTS_SHOWN]
    ]
