"""What happens in the hall: the password is judged, personal details change."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.db import transaction

from accounts.active_sessions import flows as sessions
from accounts.audit import mail
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.throttling import flows as throttling
from accounts.throttling.models import Kind

EDITABLE = ("email", "first_name", "last_name", "language", "is_active", "is_staff", "is_superuser")


def check_password(typed_address: str, password: str, origin: Origin) -> User | None:
    """The person whose password this is, or None; the same work and the same answer whatever the reason (ASVS 6.3.8).

    Hashes exactly once, before the counter is locked: a lock held during the hash would let a stranger's attempts slow
    the owner down. During a waiting time a right password is refused too.
    """
    user = authenticate(None, username=typed_address, password=password)
    with transaction.atomic():
        known = user or User.objects.filter(email__lower=typed_address.strip().lower()).first()
        counter = throttling.lock(throttling.subject_of(known, typed_address), Kind.PASSWORD)
        waits = throttling.waits_until(counter) is not None
        if user is not None and not waits:
            throttling.count_success(counter)
            return user
        if not waits:
            throttling.count_failure(counter)
        record(
            Event.PASSWORD_REFUSED,
            subject=known,
            origin=origin,
            succeeded=False,
            detail={"factor": "password", "cause": "waiting" if waits else "wrong"},
        )
        return None


@transaction.atomic
def change_details(user: User, origin: Origin) -> None:
    """Store the names and language that a form has put on the person."""
    user.save(update_fields=["first_name", "last_name", "language"])
    record(Event.DETAILS_CHANGED, subject=user, origin=origin)


@transaction.atomic
def change_person(user: User, *, before: User, actor: User, origin: Origin) -> None:
    """Store what an administrator changed, with the consequences of another address and of deactivation."""
    # Only these: saving all would put back a password that the person changed while the administrator was editing.
    user.save(update_fields=EDITABLE)
    if not user.is_active and before.is_active:
        sessions.end_all(user)
        record(Event.DEACTIVATED, subject=user, actor=actor, origin=origin)
    if user.email != before.email:
        sessions.end_all(user)
        entry = record(Event.ADDRESS_CHANGED, subject=user, actor=actor, origin=origin, detail={"before": before.email})
        mail.notify(entry, user, to=before.email)  # the old address must hear of it as well
