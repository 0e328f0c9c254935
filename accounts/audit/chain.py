"""The audit trail as a chain: a keyed hash over each entry and the seal before it, so that a change shows.

Entries are sealed in batches a few seconds after they are written, never in the transaction of a sign-in: sign-ins
would wait for each other's place in the chain. The order is that of sealing, because on PostgreSQL an entry with a
lower id can be committed later. Until then the code of each entry (`codes`) shows whether it was changed, and what has
none is never sealed. The newest digest goes to the log and to a file (`heads`), so a removed end shows; a chain that
does not hold it is not continued (`why_not`). What nothing shows: an entry that was removed in the seconds before its
sealing.

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
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from accounts import encryption, limits
from accounts.audit import chain_heads, codes
from accounts.audit.chain_heads import Head
from accounts.audit.codes import content
from accounts.audit.models import AuditEntry, AuditSeal

log = logging.getLogger(__name__)

PURPOSE = "audit trail"
BEGIN = "0" * 64  # what the first entry has instead of a predecessor

_scheduled = threading.Lock()  # held from the planning of a sealing to its beginning


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

    ``everything`` looks at every entry instead of the newest `limits.SEAL_LOOK_BACK`; slower, for commands. Seals
    nothing while `why_not` has a reason, and never an entry that the program did not write.
    """
    if reason := why_not():
        log.critical("the audit trail is not sealed any more: %s", reason)
        return 0
    total = 0
    for entries in in_batches(unsealed(everything=everything)):
        if (count := _seal_batch(entries)) is None:
            break  # another process seals at the same time, and goes on by itself
        total += count
    return total


def why_not() -> str:
    """Why the chain in the database must not be continued, in words; empty when it may be.

    A seal put behind a chain that was made anew, or lost its end, would make a forgery good.
    """
    try:
        head = chain_heads.noted()
    except chain_heads.HeadUnreadableError as mistake:
        return f"the head outside the database cannot be read ({mistake})"
    last = AuditSeal.objects.order_by("-position").first()
    if head and not _holds(head):
        return f"the chain does not hold seal {head.position}, which this machine noted in {chain_heads.path()}"
    if last is None:
        return ""
    entry = AuditEntry.objects.filter(pk=last.entry_id).first()
    if entry is None:
        return f"entry {last.entry_id}, the last that was sealed, was removed"
    return f"entry {entry.pk}, the last that was sealed, was changed" if _is_broken(entry) else ""


def _holds(head: Head) -> bool:
    return AuditSeal.objects.filter(position=head.position, digest=head.digest).exists()


def _is_broken(entry: AuditEntry) -> bool:
    return standing_of(entry)[0] is Standing.BROKEN


def in_batches(entries: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """By their numbers: what is not sealed at all must not stand in the way of what comes behind it."""
    after = -1
    while batch := list(entries.filter(pk__gt=after)[: limits.SEAL_BATCH]):
        yield batch
        after = batch[-1].pk


def _seal_batch(entries: list[AuditEntry]) -> int | None:
    """None when another process sealed meanwhile."""
    last = AuditSeal.objects.order_by("-position").first()
    position, digest = (last.position, last.digest) if last else (0, BEGIN)
    key_id = encryption.newest_key_id()
    seals = []
    foreign = foreign_among(entries)
    for entry in entries:
        if entry.pk in foreign:
            continue
        position += 1
        digest = digest_of(key_id, position, digest, content(entry))
        seals.append(AuditSeal(position=position, entry_id=entry.pk, digest=digest, key_id=key_id))
    if foreign:
        number, why = next(iter(foreign.items()))
        log.critical("%s entries of the audit trail are not sealed; entry %s: %s", len(foreign), number, why)
    if not seals:
        return 0
    try:
        with transaction.atomic():
            AuditSeal.objects.bulk_create(seals)
    except IntegrityError:
        return None  # places and entries are unique, so all or nothing
    log.info("audit trail sealed", extra={"facts": {"position": position, "head": digest}})
    chain_heads.note(Head(position, digest))
    return len(seals)


def foreign_among(entries: list[AuditEntry]) -> dict[int, str]:
    """Those that the program did not write as they are, each with the reason in words."""
    found = {entry.pk: why for entry in entries if (why := _FOREIGN.get(codes.standing_of(entry)))}
    # A copy has the code of the first, and so its time, which has an index. The first number counts.
    same = AuditEntry.objects.filter(at__in={entry.at for entry in entries}).exclude(code="")
    firsts: dict[str, int] = {}
    for number, code in same.order_by("pk").values_list("pk", "code"):
        firsts.setdefault(code, number)
    for entry in entries:
        if entry.pk not in found and firsts.get(entry.code, entry.pk) != entry.pk:
            found[entry.pk] = f"it repeats entry {firsts[entry.code]}"
    return found


_FOREIGN = {
    codes.Standing.NONE: "it has no code, so the program did not write it",
    codes.Standing.WRONG: "it was changed, or the program did not write it",
    codes.Standing.KEY_UNKNOWN: "its code was made with a key that is not among ENCRYPTION_KEYS",
}


def unsealed(*, everything: bool) -> QuerySet[AuditEntry]:
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
