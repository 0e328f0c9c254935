"""Audit entries as a file: for a spreadsheet, or as lines of JSON that prove that nobody changed them.

The lines of JSON: a first line (what was searched for, by whom, when), one line an entry (every field that is not
empty, and its seal with the digest before it), and a last line with the count. Each line ends in a `mac`: a keyed hash
over the line and the `mac` of the line before it. So a line that was changed, removed, added or moved shows, and which
one; the last `mac` covers the whole file. `export_check` checks it.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import encryption
from accounts.audit import activity, chain
from accounts.audit.entry_codes import fields_of
from accounts.audit.models import AuditEntry, AuditSeal, Erasure
from accounts.spreadsheets import safe_cell

PURPOSE = "audit export"
FORMAT = "assetmaps-audit-1"
INITIAL_MAC = "0" * 64  # what the first line has instead of a predecessor
Batches = Iterable[list[AuditEntry]]


@dataclass(frozen=True)
class Metadata:
    """Metadata, on the first and the last line. ``filters`` in the words of whoever searched."""

    made_by: str
    made_at: str  # ISO 8601, UTC
    filters: dict[str, str]


def mac_of(key: bytes, previous: str, body: bytes) -> str:
    return hmac.new(key, previous.encode() + body, hashlib.sha256).hexdigest()


def json_lines(batches: Batches, metadata: Metadata) -> Iterator[str]:
    """Lines with their ends, made while they are read: memory holds one batch."""
    key_id, count, mac = encryption.key_in_use(), 0, INITIAL_MAC
    key = encryption.derived_key(key_id, PURPOSE) or b""
    facts = {"made_by": metadata.made_by, "made_at": metadata.made_at, "filters": metadata.filters}

    def line(content: dict[str, Any]) -> str:
        nonlocal mac
        body = json.dumps(content, separators=(",", ":"))[:-1]
        mac = mac_of(key, mac, body.encode())
        return f'{body},"mac":"{mac}"}}\n'

    yield line({"kind": "begin", "format": FORMAT, "key_id": key_id} | facts)
    for batch in batches:
        seals = {seal.entry_id: seal for seal in AuditSeal.objects.filter(entry_id__in=[entry.pk for entry in batch])}
        previous = chain.previous_digests(seals.values())
        rows = Erasure.objects.filter(pk__in=[entry.pk for entry in batch])
        gone = {row.pk: {"key_id": row.key_id, "mac": row.mac} for row in rows}
        for entry in batch:
            count += 1
            seal = _seal(seals.get(entry.pk), previous)
            erased = {"erased": gone[entry.pk]} if entry.pk in gone else {}
            yield line({"kind": "entry", "entry": fields_of(entry), "seal": seal} | erased)
    yield line({"kind": "end", "count": count} | facts)


def _seal(seal: AuditSeal | None, previous: dict[int, str]) -> dict[str, Any] | None:
    if seal is None:
        return None
    before = previous.get(seal.position, "")
    return {"position": seal.position, "key_id": seal.key_id, "digest": seal.digest, "before": before}


def csv_lines(batches: Batches) -> Iterator[str]:
    """With semicolons and a byte order mark, as Dutch spreadsheets expect; in the language active at the call."""
    return _csv_lines(batches, _headings(), translation.get_language() or "nl")


def _csv_lines(batches: Batches, headings: list[str], language: str) -> Iterator[str]:
    yield "\ufeff" + _csv([headings])
    for batch in batches:
        # Inside, because between two batches the thread may serve a page in another language.
        with translation.override(language):
            lines = _csv(_cells(entry) for entry in batch)
        yield lines


def _headings() -> list[str]:
    return [
        _("number"),
        _("when"),
        _("what"),
        _("result"),
        _("person"),
        _("by"),
        _("organisation"),
        _("reason"),
        _("details"),
        _("network address"),
        _("browser"),
        _("number of the request"),
        _("event"),
        _("when (UTC)"),
    ]


def _cells(entry: AuditEntry) -> list[Any]:
    return [
        entry.pk,
        timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
        entry.get_event_display(),
        activity.result(entry),
        entry.subject_name,
        entry.actor_name,
        entry.organisation or "",
        entry.reason,
        json.dumps(entry.detail, ensure_ascii=False) if entry.detail else "",
        entry.address,
        entry.browser,
        entry.reference,
        entry.event,
        entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),  # the last hour of summer time comes twice
    ]


def _csv(rows: Iterable[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue()
