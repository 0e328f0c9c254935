"""The only way to write an audit entry."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import models, transaction

from accounts import metrics
from accounts.audit import unproved
from accounts.audit.events import MAILED, WAYS_IN, Event
from accounts.audit.models import AuditEntry
from accounts.audit.notices import notify
from accounts.audit.origin import CONSOLE, Origin
from accounts.models import User
from accounts.unicode_text import without_control_characters


def record(
    event: Event,
    *,
    subject: User | None,
    origin: Origin,
    actor: User | None = None,
    organisation: models.Model | None = None,
    succeeded: bool = True,
    reason: str = "",
    detail: dict[str, str | int] | None = None,
    is_new: bool = True,
) -> AuditEntry:
    """Write one entry in the caller's transaction, and mail the person, if the event is in `MAILED`; if it is in
    `WAYS_IN`, also at the addresses that a doubtful change left.

    ``organisation``: whose administrators see the entry; by default that of the person, as it is now: a later move
    changes no history. ``actor`` is who did it and defaults to the person; the command line is an actor without a
    person. ``detail`` holds plain facts (a factor, a cause, minutes), never a code, secret, password or session key.
    ``is_new``: False for what was counted when it happened.
    """
    entry = _entry(event, subject, origin, actor, organisation, detail)
    entry.succeeded, entry.reason = succeeded, without_control_characters(reason)[:500]
    entry.save()
    if is_new:
        count_event(event, succeeded, entry.organisation_id, entry.detail)
    if subject is not None and event in MAILED:
        notify(entry, subject)
    if subject is not None and event in WAYS_IN:
        # Of a change of address its own flow tells the address just left.
        for address in unproved.former_addresses(subject):
            if address != entry.detail.get("before"):
                notify(entry, subject, to=address)
    return entry


def record_many(
    event: Event,
    about: Iterable[tuple[User, dict[str, str | int]]],
    *,
    origin: Origin,
    actor: User | None = None,
    organisation: models.Model | None = None,
) -> None:
    """`record` for each of these people with its detail, in one statement. Not for events that are mailed."""
    if event in MAILED:
        raise ValueError(event)
    entries = [_entry(event, subject, origin, actor, organisation, detail) for subject, detail in about]
    AuditEntry.objects.bulk_create(entries)
    for entry in entries:
        count_event(event, True, entry.organisation_id, entry.detail)


def record_per_organisation(
    event: Event,
    details: Iterable[tuple[int | None, dict[str, str | int]]],
    *,
    origin: Origin,
    actor: User | None = None,
) -> None:
    """One act about several organisations: an entry for each, given by its id with the detail. None stands for people
    without an organisation."""
    entries = []
    for organisation_id, detail in details:
        entry = _entry(event, None, origin, actor, None, detail)
        entry.organisation_id = organisation_id
        entries.append(entry)
    AuditEntry.objects.bulk_create(entries)
    for entry in entries:
        count_event(event, True, entry.organisation_id, entry.detail)


def count_event(event: Event, succeeded: bool, organisation_id: int | None, detail: dict[str, str | int]) -> None:
    """For the monitoring, once the caller's transaction commits."""
    if metrics.recorder:
        count = partial(
            metrics.recorder.security_event,
            event.value,
            organisation_id=organisation_id,
            succeeded=succeeded,
            detail=detail,
        )
        transaction.on_commit(count, robust=True)


def _entry(
    event: Event,
    subject: User | None,
    origin: Origin,
    actor: User | None,
    organisation: models.Model | None,
    detail: dict[str, str | int] | None,
) -> AuditEntry:
    from_console = origin is CONSOLE
    if actor is None and not from_console:
        actor = subject
    return AuditEntry(
        event=event,
        actor=actor,
        actor_name=actor.email if actor else origin.browser if from_console else "",
        subject=subject,
        subject_name=subject.email if subject else "",
        organisation_id=organisation.pk if organisation else _organisation_of(subject),
        detail={
            name: without_control_characters(fact) if isinstance(fact, str) else fact
            for name, fact in (detail or {}).items()
        },
        address=origin.address,
        browser=origin.browser,
        reference=origin.reference,
    )


def _organisation_of(subject: User | None) -> int | None:
    # By the name of the relation, because accounts.organisations is a higher layer.
    return getattr(getattr(subject, "membership", None), "organisation_id", None)
