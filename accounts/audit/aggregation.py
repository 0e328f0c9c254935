"""Refusals that a stranger can cause without end about somebody of choice: few entries an hour, the last with a count.

Otherwise a script would fill the trail, which is kept for good, and push everything else off the person's own page.
"""

from __future__ import annotations

import hashlib
import json

from django.db import models, transaction
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, Repetition
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User

Detail = dict[str, str | int]


@transaction.atomic
def record_sparingly(
    event: Event,
    *,
    subject: User | None,
    origin: Origin,
    organisation: models.Model | None = None,
    detail: Detail,
    each: int = limits.REFUSALS_EACH,
    typed_address: str = "",
) -> None:
    """Note a refusal. The first ``each`` in an hour are entries of their own; what comes after them is gathered into
    one, with ``count`` in its detail, written when the next hour's first comes or by `flush`.

    About the same are those with the same event, person, organisation and detail. ``typed_address``: whose it would be;
    an address that nobody has is then counted as one that somebody has, and takes the same work (ASVS 6.3.8). Only
    where something else bounds how many addresses can be typed.
    """
    row = _lock(event, subject, organisation, detail, typed_address.strip().lower())
    if row.since <= timezone.now() - limits.REFUSALS_PERIOD:
        _write(row)
        row.since, row.seen, row.gathered = timezone.now(), 0, 0
    row.seen += 1
    if row.seen <= each:
        record(event, subject=subject, organisation=organisation, origin=origin, succeeded=False, detail=detail)
    else:
        row.gathered += 1
    row.save()


def flush() -> int:
    """Write what was gathered in hours that are over. Returns how many entries that made."""
    before = timezone.now() - limits.REFUSALS_PERIOD
    written = 0
    for key in list(Repetition.objects.filter(since__lte=before).values_list("key", flat=True)):
        with transaction.atomic():
            for row in Repetition.objects.select_for_update().filter(key=key, since__lte=before):
                written += _write(row)
                row.delete()
    return written


def _lock(
    event: Event, subject: User | None, organisation: models.Model | None, detail: Detail, typed: str
) -> Repetition:
    whose, where = subject.pk if subject else None, organisation.pk if organisation else None
    key = hashlib.sha256(json.dumps([event, whose, where, detail, typed], sort_keys=True).encode()).hexdigest()
    fresh = Repetition(key=key, event=event, subject=whose, organisation=where, detail=detail, since=timezone.now())
    # Not get_or_create: of two parallel first ones one would fail on the key.
    Repetition.objects.bulk_create([fresh], ignore_conflicts=True)
    return Repetition.objects.select_for_update().get(key=key)


def _write(row: Repetition) -> int:
    """One entry for all that was gathered; of many visitors, so without an address."""
    if not row.gathered:
        return 0
    subject = User.objects.filter(pk=row.subject).first() if row.subject else None
    detail: Detail = row.detail | {"count": row.gathered}
    # By the field: the room of organisations lies above this one.
    kind = AuditEntry._meta.get_field("organisation").related_model
    organisation = kind._base_manager.filter(pk=row.organisation).first() if row.organisation else None
    record(
        Event(row.event), subject=subject, organisation=organisation, origin=Origin(), succeeded=False, detail=detail
    )
    return 1
