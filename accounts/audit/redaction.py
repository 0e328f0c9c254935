"""Erasing a person from the audit trail without breaking it: what happened stays, who it was goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q

from accounts import encryption, limits
from accounts.audit import chain, entry_codes, erasures
from accounts.audit.chain import SealState
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry, Erasure

# Facts that say nothing about who somebody is. Of other texts in the detail of somebody's entries nothing is kept.
KEPT_FACTS = frozenset({"factor", "vouched", "cause", "way", "environment", "receipt", "role", "file"})
GONE = "…"


class ChainBrokenError(Exception):
    """An entry is not as it was sealed. It is evidence, so nothing is erased."""


def name_of(person: int) -> str:
    """What stands in the place of the address: the number of the account, which says nothing once it is gone."""
    return f"#{person}"


def addresses_of(person: int, present: str) -> set[str]:
    """The present and every former address."""
    changes = AuditEntry.objects.filter(subject=person, event__in=ADDRESS_CHANGES)
    names = AuditEntry.objects.filter(subject=person).order_by().values_list("subject_name", flat=True).distinct()
    former = {str(entry.detail.get(side, "")) for entry in changes for side in ("before", "after")}
    return {address for address in {present, *former, *names} if "@" in address}


def erase(person: int, addresses: Iterable[str]) -> int:
    """Erase this person from every sealed entry; returns from how many. Call in a transaction, after `chain.seal`, as
    a role of the database that may change entries. Raises ChainBrokenError; everything is then rolled back."""
    count = 0
    for entry in list(_entries_of(person)) + list(_mentions(person, set(addresses))):
        count += _replace(entry, _redacted(entry, person, set(addresses)))
    return count


def _entries_of(person: int) -> Iterator[AuditEntry]:
    yield from AuditEntry.objects.filter(Q(subject=person) | Q(actor=person)).order_by("pk")


def _mentions(person: int, addresses: set[str]) -> Iterator[AuditEntry]:
    """Entries about others that name an address. Reads the whole trail: there is no index for it."""
    after = 0
    own = Q(subject=person) | Q(actor=person)
    others = AuditEntry.objects.exclude(pk__in=AuditEntry.objects.filter(own).order_by().values("pk")).order_by("pk")
    while batch := list(others.filter(pk__gt=after)[: limits.SEAL_BATCH]):
        yield from (entry for entry in batch if any(_names(entry, address) for address in addresses))
        after = batch[-1].pk


def _names(entry: AuditEntry, address: str) -> bool:
    texts = [entry.subject_name, entry.actor_name, entry.reason, *map(str, entry.detail.values())]
    return any(address.lower() in text.lower() for text in texts)


def _redacted(entry: AuditEntry, person: int, addresses: set[str]) -> dict[str, Any]:
    """The fields that change, with what is left of them."""
    alias, is_subject, is_actor = name_of(person), entry.subject_id == person, entry.actor_id == person
    left: dict[str, Any] = {
        name: _without(getattr(entry, name), addresses, alias) for name in ("subject_name", "actor_name", "reason")
    }
    left["detail"] = {name: _fact(name, fact, is_subject, addresses, alias) for name, fact in entry.detail.items()}
    if is_subject:
        left |= {"subject_name": alias, "reason": ""}
    if is_actor or (is_subject and entry.actor_id is None):
        left |= {"address": None, "browser": "" if is_actor else entry.browser}
    if is_actor:
        left["actor_name"] = alias
    return left


def _fact(name: str, fact: Any, is_own: bool, addresses: set[str], alias: str) -> Any:
    if not isinstance(fact, str):
        return fact
    if is_own and name not in KEPT_FACTS:
        return GONE
    return _without(fact, addresses, alias)


def _without(text: str, addresses: set[str], alias: str) -> str:
    for address in sorted(addresses, key=len, reverse=True):
        while (place := text.lower().find(address.lower())) >= 0:
            text = text[:place] + alias + text[place + len(address) :]
    return text


def _replace(entry: AuditEntry, left: dict[str, Any]) -> int:
    if all(getattr(entry, name) == value for name, value in left.items()):
        return 0
    state, seal = chain.seal_state_of(entry)
    if seal is None or state is not SealState.INTACT:
        raise ChainBrokenError(f"entry {entry.pk} is not as it was sealed")
    for name, value in left.items():
        setattr(entry, name, value)
    entry_codes.sign(entry)  # the code of before was made from what is gone
    AuditEntry._base_manager.filter(pk=entry.pk).update(**left, code=entry.code)
    previous = chain.previous_digests([seal]).get(seal.position, "")
    key_id = encryption.key_in_use()
    fields = entry_codes.fields_of(AuditEntry.objects.get(pk=entry.pk))
    values = {"key_id": key_id, "mac": erasures.mac_of(key_id, seal, previous, fields)}
    # Again, when another person of the entry is removed later.
    if not Erasure._base_manager.filter(pk=entry.pk).update(**values):
        Erasure.objects.create(entry_id=entry.pk, **values)
    return 1
