"""The whole audit trail computed again: each seal, and what is not sealed yet."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts import limits
from accounts.audit import chain
from accounts.audit.codes import content
from accounts.audit.models import AuditEntry, AuditSeal


@dataclass(frozen=True)
class Report:
    """``broken``: the first break in words, or empty; ``head``: the digest of the last good seal, hexadecimal;
    ``foreign``: how many entries the program did not write, or not as they are now, and ``first_foreign``: the first of
    them in words."""

    broken: str
    sealed: int
    unsealed: int
    head: str
    head_found: bool
    foreign: int = 0
    first_foreign: str = ""


def verify(head: str = "") -> Report:
    """Compute the chain again, in constant memory, to the first break, and look at what is not sealed yet.

    ``head``: a digest from the log that it must hold; otherwise somebody removed the end.
    """
    sealed, digest, broken, found = 0, chain.BEGIN, "", not head
    for seal_, entry in _sealed_entries():
        broken = _break(seal_, entry, sealed + 1, digest)
        if broken:
            break
        sealed, digest = seal_.position, seal_.digest
        found = found or hmac.compare_digest(digest, head)
    unsealed, foreign, first = _judge_unsealed()
    return Report(broken, sealed, unsealed, digest, found, foreign, first)


def _judge_unsealed() -> tuple[int, int, str]:
    """How many entries are not sealed, how many of them the program did not write, and the first of these in words."""
    unsealed, foreign, first = 0, 0, ""
    for entries in chain.in_batches(chain.unsealed(everything=True)):
        found = chain.foreign_among(entries)
        first = first or next((f"entry {number}: {why}" for number, why in found.items()), "")
        unsealed, foreign = unsealed + len(entries), foreign + len(found)
    return unsealed, foreign, first


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
        digest = chain.digest_of(seal_.key_id, position, before, content(entry))
    except (LookupError, ValueError):
        return f"seal {position} was made with key {seal_.key_id}, which is not among ENCRYPTION_KEYS"
    if not hmac.compare_digest(digest, seal_.digest):
        return f"entry {seal_.entry_id} or its seal {position} was changed, or put in another place"
    return ""
