"""Verification of the whole audit trail: computes each seal again, and checks the codes of unsealed entries."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts import limits
from accounts.audit import chain, erasures
from accounts.audit.entry_codes import fields_of
from accounts.audit.models import AuditEntry, AuditSeal


@dataclass(frozen=True)
class Verification:
    """``broken``: the first break in words, or empty; ``head``: the digest of the last good seal, hexadecimal;
    ``unauthentic``: how many entries this program did not write as they are now, and ``first_unauthentic``: the first
    of them in words."""

    broken: str
    sealed: int
    unsealed: int
    head: str
    head_found: bool
    unauthentic: int = 0
    first_unauthentic: str = ""


def verify(head: str = "") -> Verification:
    """Compute the chain again, in constant memory, to the first break, and check what is not sealed yet.

    ``head``: a digest from the log that the chain must contain; otherwise somebody removed the end.
    """
    sealed, digest, broken, found = 0, chain.INITIAL_DIGEST, "", not head
    for seal_, entry in _sealed_entries():
        broken = _break(seal_, entry, sealed + 1, digest)
        if broken:
            break
        sealed, digest = seal_.position, seal_.digest
        found = found or hmac.compare_digest(digest, head)
    unsealed, unauthentic, first = _check_unsealed()
    return Verification(broken, sealed, unsealed, digest, found, unauthentic, first)


def _check_unsealed() -> tuple[int, int, str]:
    """How many entries are not sealed, how many of them are not authentic, and the first of these in words."""
    unsealed, unauthentic, first = 0, 0, ""
    for entries in chain.in_batches(chain.unsealed(everything=True)):
        found = chain.unauthentic_among(entries)
        first = first or next((f"entry {entry_id}: {reason}" for entry_id, reason in found.items()), "")
        unsealed, unauthentic = unsealed + len(entries), unauthentic + len(found)
    return unsealed, unauthentic, first


def _sealed_entries() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    position: int | None = None
    while batch := list(_seals_after(position)[: limits.SEAL_BATCH]):
        entries = AuditEntry.objects.in_bulk([seal_.entry_id for seal_ in batch])
        yield from ((seal_, entries.get(seal_.entry_id)) for seal_ in batch)
        position = batch[-1].position


def _seals_after(position: int | None) -> QuerySet[AuditSeal]:
    seals = AuditSeal.objects.order_by("position")
    return seals if position is None else seals.filter(position__gt=position)


def _break(seal_: AuditSeal, entry: AuditEntry | None, position: int, previous: str) -> str:
    """What is wrong with this seal and its entry, in words; empty when nothing is."""
    if seal_.position != position:
        return f"seal {position} is missing; the next one is {seal_.position}"
    if entry is None:
        return f"entry {seal_.entry_id} (seal {position}) was removed"
    try:
        digest = chain.digest_of(seal_.key_id, position, previous, fields_of(entry))
    except (LookupError, ValueError):
        return f"seal {position} was made with key {seal_.key_id}, which is not among ENCRYPTION_KEYS"
    if hmac.compare_digest(digest, seal_.digest) or erasures.is_erased(seal_, previous, fields_of(entry)):
        return ""
    return f"entry {seal_.entry_id} or its seal {position} was changed, or put in another place"
