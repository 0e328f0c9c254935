"""Exporting what was found. Recorded before the first line is sent, so that a download that breaks off is too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from enum import Enum, auto

from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.audit import chain, export, search
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record_per_organisation
from accounts.audit.search import Search
from accounts.models import User


class Outcome(Enum):
    EXPORTED = auto()
    TOO_MANY = auto()  # more than `limits.EXPORT_ROWS`; nothing is recorded or sent
    NOTHING = auto()


@dataclass(frozen=True)
class Export:
    """``lines``: generated while they are read, each with its line end."""

    outcome: Outcome
    count: int = 0
    lines: Iterable[str] = ()


def export_entries(
    criteria: Search, *, actor: User | None, filters: dict[str, str], kind: str, origin: Origin, limited: bool = True
) -> Export:
    """What the search finds now, oldest first. ``kind``: "csv" or "jsonl"; ``filters``: in words, for the record.

    ``limited`` False is for the command line, which has no page that waits.
    """
    chain.seal()  # so that the newest entries leave with their seals too
    newest = search.newest_id()
    count = search.count(criteria, limits.EXPORT_ROWS + 1) if limited else 0
    if limited and not 0 < count <= limits.EXPORT_ROWS:
        return Export(Outcome.TOO_MANY if count else Outcome.NOTHING, count)
    made_at = timezone.now().astimezone(UTC).isoformat(timespec="seconds")
    metadata = export.Metadata(actor.email if actor else origin.browser, made_at, filters)
    _record(_counts(criteria, newest, count), metadata, actor, kind, origin)
    found = search.batches(criteria, newest)
    lines = export.csv_lines(found) if kind == "csv" else export.json_lines(found, metadata)
    return Export(Outcome.EXPORTED, count, lines)


def _counts(criteria: Search, newest: int, count: int) -> dict[int | None, int]:
    """By the id of the organisation, how many entries are exported; 0 where that is not counted."""
    if criteria.organisation or not count:
        return {criteria.organisation: count}
    return search.by_organisation(criteria, newest)


@transaction.atomic
def _record(
    counts: dict[int | None, int], metadata: export.Metadata, actor: User | None, kind: str, origin: Origin
) -> None:
    """For each organisation, so that its administrators see what was exported of theirs."""
    words = "; ".join(f"{name}: {value}" for name, value in metadata.filters.items())
    facts: dict[str, str | int] = {"kind": kind, "filters": words[:1000]}
    details = [(pk, facts | ({"count": count} if count else {})) for pk, count in counts.items()]
    record_per_organisation(Event.AUDIT_EXPORTED, details, actor=actor, origin=origin)
