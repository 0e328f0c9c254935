""" "Dit was ik niet": what the link in a security mail does. Works once, without signing in."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.active_sessions import flows as sessions
from accounts.audit import links
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.sso import identities
from accounts.support import cancelling
from accounts.support.models import Report
from accounts.throttling import known_browsers
from accounts.two_factor.account_recovery import flows as account_recovery


def reportable(token: str) -> AuditEntry | None:
    """The event that the link is about, if it was not reported yet."""
    entry = links.entry_of(token)
    return None if entry is None or Report.objects.filter(entry=entry).exists() else entry


def report(token: str, origin: Origin) -> bool:
    """End every session, forget every known browser, stop what support has begun, and block resets until a person has
    looked. False: too late."""
    entry = reportable(token)
    if entry is None or entry.subject is None:
        return False
    user = entry.subject
    try:
        with transaction.atomic():
            Report.objects.create(user=user, entry=entry)
            # The person before the sessions, as a sign-in does; in another order the two could wait for each other.
            known_browsers.forget_all(user)
            sessions.end_all(user)
            cancelling.stop_everything(user, origin)
            account_recovery.distrust_links(user)
            detail: dict[str, str | int] = {"about": entry.event, "unlinked": _unlinked(entry, user)}
            record(Event.REPORTED_NOT_ME, subject=user, origin=origin, detail=detail)
    except IntegrityError:
        return False  # a parallel press on the same button was first
    return True


def _unlinked(entry: AuditEntry, user: User) -> int:
    """A business account that somebody else linked would outlive every other remedy: it goes with the report about it.
    Returns how many went."""
    return identities.unlink(user, str(entry.detail.get("issuer", ""))) if entry.event == Event.SSO_LINKED else 0


def is_open(user: User) -> bool:
    return Report.objects.filter(user=user, looked_at=None).exists()


@transaction.atomic
def looked_at(report: Report, by: User, origin: Origin) -> bool:
    """Somebody else has looked, so support may act again; False for one's own report, or a second time.

    The view has checked that ``by`` has the right, and works for this person.
    """
    fresh = Report.objects.filter(pk=report.pk, looked_at=None).exclude(user=by)
    if fresh.update(looked_at=timezone.now(), looked_by=by) != 1:
        return False
    record(Event.REPORT_LOOKED_AT, subject=report.user, actor=by, origin=origin)
    return True
