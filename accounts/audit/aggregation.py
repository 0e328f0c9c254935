"""Aggregation of refusals, of which a stranger can cause any number: few entries an hour, and one with a count.

Otherwise a script could fill the trail, which is never purged, and hide everything else on the person's own page.
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
from accounts.audit.recording import count_event, record
from accounts.models import User

Detail = dict[str, str | int]


@transaction.atomic
def record_aggregated(
    event: Event,
    *,
    subject: User | None,
    origin: Origin,
    organisation: models.Model | None = None,
    detail: Detail,
    single_entries: int = limits.REFUSAL_ENTRIES,
    typed_address: str = "",
) -> None:
    """Record a refusal. The first ``single_entries`` in an hour are entries of their own; later ones are aggregated
    into one, with ``count`` in its detail, written when the first of the next hour comes or by `flush`.

    Those with the same event, person, organisation and detail are counted together. ``typed_address``: the address of
    the attempt, so that one that nobody has is counted, and takes the same work, as one that somebody has (ASVS 6.3.8).
    Only where something else bounds how many addresses can be typed.
    """
    row = _lock(event, subject, organisation, detail, typed_address.strip().lower())
    if row.since <= timezone.now() - limits.REFUSAL_ENTRIES_PERIOD:
        _write_aggregate(row)
        row.since, row.seen, row.gathered = timezone.now(), 0, 0
    row.seen += 1
    if row.seen <= single_entries:
        record(event, subject=subject, organisation=organisation, origin=origin, succeeded=False, detail=detail)
    else:
        row.gathered += 1
        organisation_id = organisation.pk if organisation else None
        count_event(event, False, organisation_id, detail)
    row.save()


def flush() -> int:
    """Write what was aggregated in hours that are over. Returns how many entries that made."""
    ended = timezone.now() - limits.REFUSAL_ENTRIES_PERIOD
    written = 0
    for key in list(Repetition.objects.filter(since__lte=ended).values_list("key", flat=True)):
        with transaction.atomic():
            for row in Repetition.objects.select_for_update().filter(key=key, since__lte=ended):
                written += _write_aggregate(row)
                row.delete()
    return written


def _lock(
    event: Event, subject: User | None, organisation: models.Model | None, detail: Detail, typed: str
) -> Repetition:
    subject_id = subject.pk if subject else None
    organisation_id = organisation.pk if organisation else None
    counted_together = json.dumps([event, subject_id, organisation_id, detail, typed], sort_keys=True)
    key = hashlib.sha256(counted_together.encode()).hexdigest()
    fresh = Repetition(
        key=key,
        event=event,
        subject=subject_id,
        organisation=organisation_id,
        detail=detail,
        since=timezone.now(),
    )
    # Not get_or_create: of two that are the first at the same time, one would fail on the key.
    Repetition.objects.bulk_create([fresh], ignore_conflicts=True)
    return Repetition.objects.select_for_update().get(key=key)


def _write_aggregate(row: Repetition) -> int:
    """One entry for all that was aggregated; of many visitors, so without an address. Returns 1, or 0 for nothing."""
    if not row.gathered:
        return 0
    subject = User.objects.filter(pk=row.subject).first() if row.subject else None
    detail: Detail = row.detail | {"count": row.gathered}
    # By the field, because accounts.organisations is a higher layer.
    model = AuditEntry._meta.get_field("organisation").related_model
    organisation = model._base_manager.filter(pk=row.organisation).first() if row.organisation else None
    event, origin = Event(row.event), Origin()
    record(
        event, subject=subject, organisation=organisation, origin=origin, succeeded=False, detail=detail, is_new=False
    )
    return 1
