"""What happens in the hall: the password is judged, personal details change."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.active_sessions import flows as sessions
from accounts.audit.events import Event
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.hash_queue import TooBusyError
from accounts.models import User
from accounts.organisations import emergency, sign_in_policy
from accounts.passwords import dummy_hash
from accounts.passwords import verification as passwords
from accounts.permissions import flows as rights
from accounts.permissions.flows import Rights
from accounts.support import unverified_changes
from accounts.support.interventions import actions, address_changes
from accounts.support.models import Intervention
from accounts.throttling import network, spraying
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor import devices, verification
from accounts.two_factor.challenge.combined import Held
from accounts.two_factor.codes import parse_recovery_code
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.verification import Answer, Opens, Outcome

SEARCH_KEYS_AT_ONCE = 1000
log = logging.getLogger(__name__)
EDITABLE = ("email", "first_name", "last_name", "language", "is_active", "is_staff", "is_superuser")


@dataclass(frozen=True)
class PasswordAnswer:
    """``user``: whose password it is; ``network_waits_until``: nothing was judged, too many came from this network;
    ``business_account_only``: the password is right and opens nothing, told in a known browser only; ``held``: wrong
    passwords make this network wait, so what was typed counts together with a code only."""

    user: User | None = None
    held: Held | None = None
    network_waits_until: datetime | None = None
    business_account_only: bool = False


def check_password(typed_address: str, password: str, origin: Origin, browsers: KnownBrowsers) -> PasswordAnswer:
    """Judge address and password; the same work and the same answer whatever the reason (ASVS 6.3.8).

    Hashes exactly once, before the counter is locked: a lock held during the hash would let a stranger's attempts slow
    the owner down. During a waiting time nobody is told whether it was right: it counts together with a code. Raises
    TooBusyError, and counts nothing then.
    """
    # With what the audit entry and the demand need: asking later would cost a statement, for known ones only.
    people = User.objects.select_related("membership__organisation__connection")
    known = next(iter(people.filter(email__lower=typed_address.strip().lower())), None)
    is_stranger = not browsers.password_bucket_of(known)
    shares = dummy_hash.shares_of_earlier()  # asked for whether somebody has the address or not
    if is_stranger and (until := network.admit(origin)):
        log.warning("sign-in from %s has to wait: too many wrong passwords from that network", origin.place)
        return PasswordAnswer(network_waits_until=until)
    try:
        right = _is_right(known, typed_address, password, shares)
    except TooBusyError:
        if is_stranger:
            network.give_back(origin)  # nothing was judged
        raise
    # To a stranger a right one that opens nothing is the same as a wrong one: it may open something elsewhere.
    # Asked of a wrong one too: of staff it takes statements, and these must not tell that it is right.
    is_void = known is not None and sign_in_policy.must_use_business_account(known) and right
    if is_void and known and not is_stranger:
        return _tell_owner(known, origin, browsers)
    cause = "business_account" if is_void else "wrong"
    opens = right and not is_void
    counted = passwords.count(known, typed_address, opens, origin, browsers, cause)
    if counted is not passwords.Outcome.RIGHT:
        if is_stranger:
            spraying.note_refused(typed_address, origin)
        if counted is passwords.Outcome.LONG and known:
            emergency.tell_that_it_waits(known, origin)
        return PasswordAnswer(held=Held(typed_address, known, opens) if counted is passwords.Outcome.HELD else None)
    if is_stranger:
        network.give_back(origin)
    spraying.note_right(typed_address)
    if known and sign_in_policy.is_emergency(known):
        emergency.tell_that_it_was_used(known, origin)
    return PasswordAnswer(known)


def _is_right(known: User | None, typed_address: str, password: str, shares: dummy_hash.Shares) -> bool:
    if known is None:
        dummy_hash.spend(typed_address, password, shares)  # as long as checking one
        return False
    return known.check_password(password) and known.is_active


@transaction.atomic
def _tell_owner(user: User, origin: Origin, browsers: KnownBrowsers) -> PasswordAnswer:
    """In a known browser: the password is right and opens nothing. Not told while attempts have to wait there."""
    told = passwords.count(user, user.email, True, origin, browsers) is passwords.Outcome.RIGHT
    if told:
        detail: dict[str, str | int] = {"factor": "password", "cause": "business_account"}
        record(Event.PASSWORD_REFUSED, subject=user, origin=origin, succeeded=False, detail=detail)
    return PasswordAnswer(business_account_only=told)


@dataclass(frozen=True)
class Proof:
    """``answer``: how the code was judged; None when it was not asked for or the password was wrong already."""

    password_is_right: bool
    answer: Answer | None = None

    @property
    def is_complete(self) -> bool:
        return self.password_is_right and (self.answer is None or self.answer.outcome is Outcome.ACCEPTED)


def prove_identity(
    user: User,
    origin: Origin,
    browsers: KnownBrowsers,
    *,
    password: str,
    code: str = "",
    device: str = "",
    password_is_enough: bool = False,
    opens: Opens | None = None,
) -> Proof:
    """Fresh proof of somebody who is signed in: the password, and with a second step also a code (ASVS 7.5.1).

    Counted together with the sign-in. The code is judged only after a right password, so a wrong password costs none.
    """
    if not passwords.check(user, password, origin, browsers):
        return Proof(password_is_right=False)
    if password_is_enough or not devices.has_confirmed_device(user):
        return Proof(password_is_right=True)
    return prove_by_code(user, origin, browsers, code=code, device=device, opens=opens)


def prove_by_code(
    user: User, origin: Origin, browsers: KnownBrowsers, *, code: str, device: str = "", opens: Opens | None = None
) -> Proof:
    """The second half of fresh proof, after the password or the provider. ``opens`` is called when the code is
    accepted, in the same transaction."""
    if parse_recovery_code(code):
        return Proof(True, recovery_codes.use(user, code, origin, browsers, opens))
    with transaction.atomic():
        answer = verification.check(user, devices.authenticator_of(user, device), code, origin, browsers)
        if answer.outcome is Outcome.ACCEPTED and opens:
            opens(answer)
        elif answer.outcome is not Outcome.ACCEPTED:
            record(Event.IDENTITY_REFUSED, subject=user, origin=origin, succeeded=False, detail=answer.facts)
    return Proof(True, answer)


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
        asked = address_changes.hold_back(before, after, actor, origin)
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
    """The old address must hear of it as well, and those before it that nobody has confirmed to be left."""
    entry = record(Event.ADDRESS_CHANGED, subject=user, actor=actor, origin=origin, detail=facts)
    for address in dict.fromkeys([str(facts["before"]), *unverified_changes.former_addresses(user)]):
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
