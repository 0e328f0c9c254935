"""Right passwords from many browsers that are not known: somebody may have stolen the password of an account without a
second factor. The owner is warned, and beyond a number they are refused; a new password begins the count anew.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.throttling.known_browsers import KnownBrowsers


def admit(user: User, origin: Origin, browsers: KnownBrowsers) -> bool:
    """Count the sign-in of an unknown browser that has shown the right password and needs no second factor. False
    when it is refused."""
    if browsers.bucket_of(user):
        return True
    # With the password: another one begins the count anew, so that the owner is not shut out by what a thief has done.
    # Quotas keep a digest of their subject only.
    subject = f"{user.pk} {user.password}"
    period = limits.NEW_BROWSER_SIGN_INS_PERIOD
    few = rate_limits.consume(
        "strange-sign-ins-few", subject, limit=limits.NEW_BROWSER_SIGN_INS_TOLD - 1, period=period
    )
    if not few and rate_limits.consume("strange-sign-ins-told", subject, limit=1, period=period):
        _tell(user, origin)
    if rate_limits.consume("strange-sign-ins", subject, limit=limits.NEW_BROWSER_SIGN_INS, period=period):
        return True
    detail: dict[str, str | int] = {"factor": "password", "cause": "crowd"}
    record_aggregated(Event.PASSWORD_REFUSED, subject=user, origin=origin, detail=detail)
    return False


@transaction.atomic
def _tell(user: User, origin: Origin) -> None:
    since = timezone.now() - limits.NEW_BROWSER_SIGN_INS_TOLD_AGAIN
    if not AuditEntry.objects.filter(subject=user, event=Event.SIGN_INS_CROWD, at__gt=since).exists():
        record(Event.SIGN_INS_CROWD, subject=user, origin=origin)
