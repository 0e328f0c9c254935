"""Exporting what was found. Recorded before the first line leaves, so that a download that breaks off is too."""

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
    TOO_MANY = auto()  # more than `limits.EXPORT_ROWS`; nothing was recorded and nothing leaves
    NOTHING = auto()


@dataclass(frozen=True)
class Export:
    """``lines``: made while they are read, each with its end."""

    outcome: Outcome
    count: int = 0
    lines: Iterable[str] = ()


def export_entries(
    wanted: Search, *, actor: User | None, filters: dict[str, str], kind: str, origin: Origin, limited: bool = True
) -> Export:
    """What the search finds now, oldest first. ``kind``: "csv" or "jsonl"; ``filters``: in the words of the actor.

    ``limited`` False is for the command line, which has no page that waits.
    """
    chain.seal()  # so that the newest entries leave with their seals too
    newest = search.newest_id()
    count = search.count(wanted, limits.EXPORT_ROWS + 1) if limited else 0
    if limited and not 0 < count <= limits.EXPORT_ROWS:
        return Export(Outcome.TOO_MANY if count else Outcome.NOTHING, count)
    made_at = timezone.now().astimezone(UTC).isoformat(timespec="seconds")
    about = export.Metadata(actor.email if actor else origin.browser, made_at, filters)
    stories = _stories(wanted, newest, count)
    _record(stories, about, actor, kind, origin)
    found = search.batches(wanted, newest)
    lines = export.csv_lines(found) if kind == "csv" else export.json_lines(found, about)
    return Export(Outcome.EXPORTED, count, lines)


def _stories(wanted: Search, newest: int, count: int) -> dict[int | None, int]:
    """In whose story it is recorded that this left, with how many entries of theirs; 0 where that is not counted."""
    if wanted.organisation or not count:
        return {wanted.organisation: count}
    return search.by_organisation(wanted, newest)


@transaction.atomic
def _record(
    stories: dict[int | None, int], about: export.Metadata, actor: User | None, kind: str, origin: Origin
) -> None:
    words = "; ".join(f"{name}: {value}" for name, value in about.filters.items())
    facts: dict[str, str | int] = {"kind": kind, "filters": words[:1000]}
    details = [(whose, facts | ({"count": count} if count else {})) for whose, count in stories.items()]
    record_per_organisation(Event.AUDIT_EXPORTED, details, actor=actor, origin=origin)
