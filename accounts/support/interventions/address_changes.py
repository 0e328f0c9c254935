"""Another address where the mailbox may be somebody else's already: a second worker agrees, or a day passes."""

from __future__ import annotations

from django.utils import timezone

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.support import cancellation, unverified_changes
from accounts.support.interventions import approval
from accounts.support.models import Intervention, Kind


def hold_back(subject: User, new_address: str, actor: User, origin: Origin) -> Intervention | None:
    """What this administrator asked for: still open, then the address is not stored yet; or carried out now. None: no
    need to ask, store it.

    The first time it is asked for, with mails to the old and the new address. Storing the same address again after the
    approval, or after the wait, uses that up. Call inside a transaction that holds the person's row.
    """
    approval.drop_overtaken(subject, actor, origin)
    if not unverified_changes.changes(subject):
        return None
    asked = approval.open_of(Kind.ADDRESS, subject, actor, new_address)
    if asked is None:
        _replace_earlier(subject, actor, origin)
        asked = Intervention.objects.create(
            kind=Kind.ADDRESS, subject=subject, worker=actor, new_address=new_address, asked_at=timezone.now()
        )
        approval.ask(asked, origin)
        return asked
    if approval.use_up(asked):
        asked.refresh_from_db()
    return asked


def _replace_earlier(subject: User, actor: User, origin: Origin) -> None:
    """Another one was a typing mistake; of two that wait, nobody could say which is meant."""
    for earlier in Intervention.objects.filter(
        subject=subject, worker=actor, kind=Kind.ADDRESS, state__in=Intervention.OPEN
    ):
        cancellation.cancel(earlier, origin, by=actor, cause="overtaken")
