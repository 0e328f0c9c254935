"""Changing an address while the mailbox may be somebody else's already: a second worker approves, or a day passes."""

from __future__ import annotations

from django.utils import timezone

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.support import cancellation, unverified_changes
from accounts.support.interventions import approval
from accounts.support.models import Intervention, Kind


def require_approval(subject: User, new_address: str, actor: User, origin: Origin) -> Intervention | None:
    """The intervention for this change: still open, then the address must not be stored yet; or carried out now. None
    when no approval is needed.

    The first call requests it, with mails to the old and the new address. Storing the same address again after the
    approval, or after the waiting period, marks it as done. Call inside a transaction that locks the person's row.
    """
    approval.cancel_superseded(subject, actor, origin)
    if not unverified_changes.changes(subject):
        return None
    asked = approval.find_open(Kind.ADDRESS, subject, actor, new_address)
    if asked is None:
        _replace_earlier(subject, actor, origin)
        asked = Intervention.objects.create(
            kind=Kind.ADDRESS, subject=subject, worker=actor, new_address=new_address, asked_at=timezone.now()
        )
        approval.ask(asked, origin)
        return asked
    if approval.mark_done(asked):
        asked.refresh_from_db()
    return asked


def _replace_earlier(subject: User, actor: User, origin: Origin) -> None:
    """A different address was a typing mistake; with two waiting it would be unclear which one is meant."""
    for earlier in Intervention.objects.filter(
        subject=subject, worker=actor, kind=Kind.ADDRESS, state__in=Intervention.OPEN
    ):
        cancellation.cancel(earlier, origin, by=actor, cause="overtaken")
