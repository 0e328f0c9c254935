"""The audit trail as a hash chain: a keyed hash over each entry and the seal before it, so that a change shows.

The worker seals entries in batches a few seconds after they are written, never in the transaction of a sign-in, which
would wait for the place in the chain of another. The order is that of sealing, because on PostgreSQL an entry with a
lower id can be committed later. Until then the code of each entry (`entry_codes`) shows whether it was changed; an
entry without a valid one is never sealed. The newest digest goes to the log and to a file (`chain_head`), so a removed
end shows; a chain that does not contain it is not continued (`reason_not_to_seal`). What nothing shows: an entry that
was removed in the seconds before its sealing.

The key is derived from the one of ENCRYPTION_KEYS that is in use, and each seal names it. So a retired key stays at
the end of that list as long as seals made with it must be verified; it decrypts nothing any more after
`rotate_encryption_keys`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from accounts import encryption, limits
from accounts.audit import chain_head, erasures
from accounts.audit.chain_head import Head
from accounts.audit.entry_codes import Authenticity, authenticity_of, fields_of
from accounts.audit.models import AuditEntry, AuditSeal

log = logging.getLogger(__name__)

PURPOSE = "audit trail"
INITIAL_DIGEST = "0" * 64  # what the first entry has instead of a predecessor

_newest_seen = 0  # the highest id when this process sealed last


def seal_new() -> None:
    """Seal what was written since the last call in this process; the worker calls it every few seconds.

    One look at the primary key when there is nothing: cheap enough for a portal that nobody uses at night. What was
    sealed is followed by one more round, for an entry with a lower id whose transaction ended later.
    """
    global _newest_seen
    newest = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0
    if newest != _newest_seen:
        _newest_seen = -1 if seal() else newest


def seal(*, everything: bool = False) -> int:
    """Seal what is not sealed yet, and return how many entries. Any number of processes may call this at a time.

    ``everything`` looks at every entry instead of the newest `limits.SEAL_LOOK_BACK`; slower, for commands. Seals
    nothing while there is a `reason_not_to_seal`, and never an entry that this program did not write.
    """
    if reason := reason_not_to_seal():
        log.critical("the audit trail is not sealed any more: %s", reason)
        return 0
    total = 0
    for entries in in_batches(unsealed(everything=everything)):
        if (count := _seal_batch(entries)) is None:
            break  # another process seals at the same time, and goes on by itself
        total += count
    return total


def reason_not_to_seal() -> str:
    """Why the chain in the database must not be continued, in words; empty when it may be.

    A seal added to a chain that was made anew, or lost its end, would make a forgery valid.
    """
    try:
        head = chain_head.read()
    except chain_head.HeadUnreadableError as error:
        return f"the head outside the database cannot be read ({error})"
    newest = list(AuditSeal.objects.order_by("-position")[:2])
    if head and not contains(head, newest):
        return f"the chain does not hold seal {head.position}, which this machine noted in {chain_head.path()}"
    if not newest:
        return ""
    last = newest[0]
    entry = AuditEntry.objects.filter(pk=last.entry_id).first()
    if entry is None:
        return f"entry {last.entry_id}, the last that was sealed, was removed"
    before = _digests_before(newest).get(last.position)
    is_broken = _state_by(last, before, entry) is SealState.BROKEN
    return f"entry {entry.pk}, the last that was sealed, was changed" if is_broken else ""


def contains(head: Head, newest: Iterable[AuditSeal] = ()) -> bool:
    """Is this seal, of an earlier time, in the chain? ``newest``: seals that were read already."""
    if any((one.position, one.digest) == (head.position, head.digest) for one in newest):
        return True
    return AuditSeal.objects.filter(position=head.position, digest=head.digest).exists()


def in_batches(entries: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """By their ids, so that entries that can never be sealed do not block those that follow."""
    after = -1
    while batch := list(entries.filter(pk__gt=after)[: limits.SEAL_BATCH]):
        yield batch
        after = batch[-1].pk


def _seal_batch(entries: list[AuditEntry]) -> int | None:
    """None when another process sealed meanwhile."""
    last = AuditSeal.objects.order_by("-position").first()
    unauthentic = unauthentic_among(entries)
    seals = _seals_after(last, [entry for entry in entries if entry.pk not in unauthentic])
    if unauthentic:
        entry_id, reason = next(iter(unauthentic.items()))
        log.critical("%s entries of the audit trail are not sealed; entry %s: %s", len(unauthentic), entry_id, reason)
    if not seals:
        return 0
    try:
        with transaction.atomic():
            AuditSeal.objects.bulk_create(seals)
    except IntegrityError:
        return None  # positions and entries are unique, so all or nothing
    position, digest = seals[-1].position, seals[-1].digest
    log.info("audit trail sealed", extra={"facts": {"position": position, "head": digest}})
    chain_head.store(Head(position, digest))
    return len(seals)


def _seals_after(last: AuditSeal | None, entries: list[AuditEntry]) -> list[AuditSeal]:
    """Not stored yet."""
    before, digest = (last.position, last.digest) if last else (0, INITIAL_DIGEST)
    key_id = encryption.key_in_use()
    seals = []
    for position, entry in enumerate(entries, before + 1):
        digest = digest_of(key_id, position, digest, fields_of(entry))
        seals.append(AuditSeal(position=position, entry_id=entry.pk, digest=digest, key_id=key_id))
    return seals


def unauthentic_among(entries: list[AuditEntry]) -> dict[int, str]:
    """By id, the entries that this program did not write as they are, each with the reason in words."""
    found = {entry.pk: reason for entry in entries if (reason := _UNAUTHENTIC.get(authenticity_of(entry)))}
    # A copy has the code of the first, and so its time, which has an index. The lowest id counts as the original.
    same = AuditEntry.objects.filter(at__in={entry.at for entry in entries}).exclude(code="")
    originals: dict[str, int] = {}
    for entry_id, code in same.order_by("pk").values_list("pk", "code"):
        originals.setdefault(code, entry_id)
    for entry in entries:
        if entry.pk not in found and originals.get(entry.code, entry.pk) != entry.pk:
            found[entry.pk] = f"it repeats entry {originals[entry.code]}"
    return found


_UNAUTHENTIC = {
    Authenticity.NO_CODE: "it has no code, so the program did not write it",
    Authenticity.INVALID: "it was changed, or the program did not write it",
    Authenticity.KEY_UNKNOWN: "its code was made with a key that is not among ENCRYPTION_KEYS",
}


def unsealed(*, everything: bool) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.filter(~Exists(AuditSeal.objects.filter(entry_id=OuterRef("pk"))))
    if not everything:
        newest = AuditSeal.objects.aggregate(newest=Max("entry_id"))["newest"] or 0
        entries = entries.filter(pk__gt=newest - limits.SEAL_LOOK_BACK)
    return entries.order_by("pk")


def digest_of(key_id: str, position: int, previous: str, fields: dict[str, Any]) -> str:
    """Keyed hash over key, position, the digest before it and the `fields_of` an entry. Raises LookupError for an
    unknown key."""
    key = encryption.derived_key(key_id, PURPOSE)
    if key is None:
        raise LookupError(key_id)
    sealed = json.dumps([key_id, position, previous, fields], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, sealed.encode(), hashlib.sha256).hexdigest()


class SealState(Enum):
    """Whether one entry is as it was when it was sealed."""

    UNSEALED = auto()
    INTACT = auto()
    KEY_UNKNOWN = auto()
    BROKEN = auto()


def seal_state_of(entry: AuditEntry) -> tuple[SealState, AuditSeal | None]:
    """The state of this entry, and its seal; the rest of the chain is not looked at."""
    seal_ = AuditSeal.objects.filter(entry_id=entry.pk).first()
    if seal_ is None:
        return SealState.UNSEALED, None
    return _state_by(seal_, previous_digests([seal_]).get(seal_.position), entry), seal_


def _state_by(seal_: AuditSeal, previous: str | None, entry: AuditEntry) -> SealState:
    """Of an entry that has this seal. ``previous``: the digest before it; None when that seal is gone."""
    try:
        digest = digest_of(seal_.key_id, seal_.position, previous or "", fields_of(entry))
    except (LookupError, ValueError):
        return SealState.KEY_UNKNOWN
    is_intact = hmac.compare_digest(digest, seal_.digest) or erasures.is_erased(seal_, previous or "", fields_of(entry))
    return SealState.INTACT if is_intact else SealState.BROKEN


def previous_digests(seals: Iterable[AuditSeal]) -> dict[int, str]:
    """By position, the digest of the seal before; a position whose predecessor is gone is left out."""
    wanted = [seal_.position - 1 for seal_ in seals]
    return _digests_before(AuditSeal.objects.filter(position__in=wanted).only("position", "digest"))


def _digests_before(seals: Iterable[AuditSeal]) -> dict[int, str]:
    """The digests of these seals, by the position that follows."""
    return {1: INITIAL_DIGEST} | {one.position + 1: one.digest for one in seals}
