"""Superusers made on the server, and changes of names, address and state of a person."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from accounts.active_sessions import flows as sessions
from accounts.audit import unproved
from accounts.audit.events import Event
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.permissions import flows as rights
from accounts.permissions.flows import Rights
from accounts.support.interventions import actions, address_changes
from accounts.support.models import Intervention

SEARCH_KEYS_AT_ONCE = 1000
EDITABLE = ("email", "first_name", "last_name", "language", "is_active", "is_staff", "is_superuser")


@transaction.atomic
def create_superuser(email: str, password: str | None, origin: Origin) -> User:
    """An administrator, made on the server; the person and the other superusers hear of it by mail.

    Raises ValidationError when the password breaks a rule.
    """
    user = User.objects.create_superuser(email, password)
    rights.change(user, before=Rights(), after=Rights.of(user), actor=None, origin=origin)
    return user


@transaction.atomic
def change_details(user: User, changed: Collection[str], origin: Origin) -> None:
    """Store those of the names and the language that a form has changed on the person."""
    if changed:
        user.save(update_fields=changed)
        record(Event.DETAILS_CHANGED, subject=user, origin=origin)


@transaction.atomic
def change_person(user: User, *, before: User, actor: User, origin: Origin) -> Intervention | None:
    """Store what an administrator changed, with the consequences of another address and of deactivation. ``before``:
    as stored, locked by the caller. Returns what another address waits for, when it was not stored."""
    asked, after = None, user.email
    if after != before.email:
        asked = address_changes.require_approval(before, after, actor, origin)
        held = asked is not None and asked.state in Intervention.OPEN
        user.email = before.email if held else after
    # Only what differs: the rest may be changed at this moment by somebody else, or by the person.
    if changed := [name for name in EDITABLE if getattr(user, name) != getattr(before, name)]:
        user.save(update_fields=changed)
    if set(changed) & {"first_name", "last_name", "language"}:
        _note_details(user, before, actor, origin)
    if not user.is_active and before.is_active:
        rights.deactivated(user, actor=actor, origin=origin)
    if user.is_active and not before.is_active:
        rights.reactivated(user, actor=actor, origin=origin)
    if user.email != before.email:
        sessions.end_all(user)
        facts = (actions.facts(asked) if asked else {}) | {"before": before.email}
        _note_address(user, facts, actor, origin)
    return asked if user.email != after else None


def _note_address(user: User, facts: dict[str, str | int], actor: User, origin: Origin) -> None:
    """Notify the old address as well, and the former ones since the second factor was last shown."""
    entry = record(Event.ADDRESS_CHANGED, subject=user, actor=actor, origin=origin, detail=facts)
    for address in dict.fromkeys([str(facts["before"]), *unproved.former_addresses(user)]):
        notify(entry, user, to=address)


def _note_details(user: User, before: User, actor: User, origin: Origin) -> None:
    """The name and the language of somebody else: the person hears what they were and are."""
    if actor.pk == user.pk:
        record(Event.DETAILS_CHANGED, subject=user, origin=origin)
        return
    was, now = (f"{one.get_full_name() or '-'} ({one.get_language_display()})" for one in (before, user))
    detail: dict[str, str | int] = {"before": was, "after": now}
    entry = record(Event.DETAILS_CHANGED_BY_OTHER, subject=user, actor=actor, origin=origin, detail=detail)
    notify(entry, user)


def refresh_search_keys() -> int:
    """Give a search key to whoever was stored without one, by a process of an earlier version during an upgrade.
    Returns how many."""
    unnamed = Q(first_name_key="") & ~Q(first_name="") | Q(last_name_key="") & ~Q(last_name="")
    people = list(User.objects.filter(unnamed)[:SEARCH_KEYS_AT_ONCE])
    for person in people:
        person.save(update_fields=["first_name", "last_name"])
    return len(people)
