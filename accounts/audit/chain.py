"""The audit trail as a chain: a keyed hash over each entry and the seal before it, so that a change shows.

Entries are sealed in batches a few seconds after they are written, never in the transaction of a sign-in: sign-ins
would wait for each other's place in the chain. The order is that of sealing, because on PostgreSQL an entry with a
lower id can be committed later. What this does not show: a change within the seconds before sealing, and a removed
tail; for that the newest digest goes to the log (`verify_audit_trail --head`).

The key is derived from the newest of ENCRYPTION_KEYS, and each seal names it. So a retired key stays at the end of that
list as long as seals made with it must be verified; it decrypts nothing any more after `rotate_encryption_keys`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from accounts import encryption, limits
from accounts.audit.models import AuditEntry, AuditSeal

log = logging.getLogger(__name__)

PURPOSE = "audit trail"
BEGIN = "0" * 64  # what the first entry has instead of a predecessor

_scheduled = threading.Lock()  # held from the planning of a sealing to its beginning


@dataclass(frozen=True)
class Report:
    """``broken``: the first break in words, or empty; ``head``: the digest of the last good seal, hexadecimal."""

    broken: str
    sealed: int
    unsealed: int
    head: str
    head_found: bool


def seal_soon() -> None:
    """Plan a sealing in a thread of its own; one that is planned already will do."""
    if settings.AUDIT_SEAL_AFTER_COMMIT and _scheduled.acquire(blocking=False):
        timer = threading.Timer(limits.SEAL_AFTER.total_seconds(), _seal_in_thread)
        timer.daemon = True  # the end of the program does not wait: the next sealing takes what is left
        timer.start()


def _seal_in_thread() -> None:
    _scheduled.release()  # first: an entry that commits during the sealing plans the next one
    try:
        seal()
    except Exception:  # the next sealing tries again; until then the entries are reported as unsealed
        log.exception("the audit trail could not be sealed")
    finally:
        connections.close_all()


def seal(*, everything: bool = False) -> int:
    """Seal what is not sealed yet, and return how many entries. Any number of processes may call this at a time.

    ``everything`` looks at every entry instead of the newest `limits.SEAL_LOOK_BACK`; slower, for commands.
    """
    total = 0
    while (count := _seal_batch(everything=everything)) == limits.SEAL_BATCH:
        total += count
    return total + count


def _seal_batch(*, everything: bool) -> int:
    last = AuditSeal.objects.order_by("-position").first()
    entries = list(_unsealed(everything=everything)[: limits.SEAL_BATCH])
    if not entries:
        return 0
    position, digest = (last.position, last.digest) if last else (0, BEGIN)
    key_id = encryption.newest_key_id()
    seals = []
    for entry in entries:
        position += 1
        digest = digest_of(key_id, position, digest, content(entry))
        seals.append(AuditSeal(position=position, entry_id=entry.pk, digest=digest, key_id=key_id))
    try:
        with transaction.atomic():
            AuditSeal.objects.bulk_create(seals)
    except IntegrityError:
        return 0  # another process sealed these at the same time: places and entries are unique, so all or nothing
    log.info("audit trail sealed", extra={"facts": {"position": position, "head": digest}})
    return len(seals)


def _unsealed(*, everything: bool) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.filter(~Exists(AuditSeal.objects.filter(entry_id=OuterRef("pk"))))
    if not everything:
        newest = AuditSeal.objects.aggregate(newest=Max("entry_id"))["newest"] or 0
        entries = entries.filter(pk__gt=newest - limits.SEAL_LOOK_BACK)
    return entries.order_by("pk")


def digest_of(key_id: str, position: int, before: str, fields: dict[str, Any]) -> str:
    """Keyed hash over key, place, predecessor and the `content` of an entry. Raises LookupError for an unknown key."""
    key = encryption.derived_key(key_id, PURPOSE)
    if key is None:
        raise LookupError(key_id)
    sealed = json.dumps([key_id, position, before, fields], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, sealed.encode(), hashlib.sha256).hexdigest()


def content(entry: AuditEntry) -> dict[str, Any]:
    """Every field by its column. Empty ones are left out, so that a column added later changes no older digest."""
    values = {field.attname: getattr(entry, field.attname) for field in AuditEntry._meta.concrete_fields}
    values["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return {name: value for name, value in values.items() if value not in (None, "", {})}


class Standing(Enum):
    """How one entry stands with its seal."""

    UNSEALED = auto()
    IN_ORDER = auto()
    KEY_UNKNOWN = auto()
    BROKEN = auto()


def standing_of(entry: AuditEntry) -> tuple[Standing, AuditSeal | None]:
    """Whether this entry is as it was when it was sealed, and its seal; the rest of the chain is not looked at."""
    seal_ = AuditSeal.objects.filter(entry_id=entry.pk).first()
    if seal_ is None:
        return Standing.UNSEALED, None
    before = before_each([seal_]).get(seal_.position)
    try:
        digest = digest_of(seal_.key_id, seal_.position, before or "", content(entry))
    except (LookupError, ValueError):
        return Standing.KEY_UNKNOWN, seal_
    return Standing.IN_ORDER if hmac.compare_digest(digest, seal_.digest) else Standing.BROKEN, seal_


def before_each(seals: Iterable[AuditSeal]) -> dict[int, str]:
    """By position, the digest of the seal before; a position whose predecessor is gone is left out."""
    wanted = [seal_.position - 1 for seal_ in seals]
    found = AuditSeal.objects.filter(position__in=wanted).values_list("position", "digest")
    return {1: BEGIN} | {position + 1: digest for position, digest in found}


def verify(head: str = "") -> Report:
    """Compute the chain again, in constant memory, to the first break. ``head``: a digest from the log that it must
    hold; otherwise somebody removed the end."""
    sealed, digest, broken, found = 0, BEGIN, "", not head
    for seal_, entry in _sealed_entries():
        broken = _break(seal_, entry, sealed + 1, digest)
        if broken:
            break
        sealed, digest = seal_.position, seal_.digest
        found = found or hmac.compare_digest(digest, head)
    return Report(broken, sealed, _unsealed(everything=True).count(), digest, found)


def _sealed_entries() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    position: int | None = None
    while batch := list(_seals_after(position)[: limits.SEAL_BATCH]):
        entries = AuditEntry.objects.in_bulk([seal_.entry_id for seal_ in batch])
        yield from ((seal_, entries.get(seal_.entry_id)) for seal_ in batch)
        position = batch[-1].position


def _seals_after(position: int | None) -> QuerySet[AuditSeal]:
    seals = AuditSeal.objects.order_by("position")
    return seals if position is None else seals.filter(position__gt=position)


def _break(seal_: AuditSeal, entry: AuditEntry | None, position: int, before: str) -> str:
    """What is wrong with this seal and its entry, in words; empty when nothing is."""
    if seal_.position != position:
        return f"seal {position} is missing; the next one is {seal_.position}"
    if entry is None:
        return f"entry {seal_.entry_id} (seal {position}) was removed"
    try:
        digest = digest_of(seal_.key_id, position, before, content(entry))
    except (LookupError, ValueError):
        return f"seal {position} was made with key {seal_.key_id}, which is not among ENCRYPTION_KEYS"
    if not hmac.compare_digest(digest, seal_.digest):
        return f"entry {seal_.entry_id} or its seal {position} was changed, or put in another place"
    return ""
