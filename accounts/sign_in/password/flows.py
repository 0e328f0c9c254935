"""Signing in with an e-mail address and a password: how the password is judged."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import CharField, QuerySet

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.hash_queue import TooBusyError
from accounts.models import User
from accounts.organisations import emergency, sign_in_policy
from accounts.passwords import dummy_hash
from accounts.passwords import verification as passwords
from accounts.prepared_queries import Parameter, PreparedQuery
from accounts.throttling import network, spraying
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor.challenge.combined import CombinedSignIn

log = logging.getLogger(__name__)


class PasswordAnswer(NamedTuple):
    """``user``: whose password it is; ``network_waits_until``: nothing was judged, too many came from this network;
    ``business_account_only``: the password is right and opens nothing, told in a known browser only; ``combined``:
    wrong passwords make this network wait, so what was typed counts together with a code only."""

    user: User | None = None
    combined: CombinedSignIn | None = None
    network_waits_until: datetime | None = None
    business_account_only: bool = False


def check_password(typed_address: str, password: str, origin: Origin, browsers: KnownBrowsers) -> PasswordAnswer:
    """Judge address and password; the same work and the same answer whatever the reason (ASVS 6.3.8).

    Hashes exactly once, before the counter is locked: a lock held during the hash would let a stranger's attempts slow
    the owner down. During a waiting time nobody is told whether it was right: it counts together with a code. Raises
    TooBusyError, and counts nothing then.
    """
    user = next(iter(_by_address(address=typed_address.strip().lower())), None)
    from_unknown_browser = not browsers.password_bucket_of(user)
    shares = dummy_hash.shares_of_older_hashes()  # asked for whether somebody has the address or not
    if from_unknown_browser and (until := network.admit(origin)):
        log.warning("sign-in from %s has to wait: too many wrong passwords from that network", origin.place)
        return PasswordAnswer(network_waits_until=until)
    try:
        is_right = _is_right(user, typed_address, password, shares)
    except TooBusyError:
        if from_unknown_browser:
            network.refund(origin)  # nothing was judged
        raise
    # An unknown browser gets the same answer for a wrong password and for a right one that opens nothing here: it may
    # be used elsewhere. The policy is read for a wrong password too, because its SQL statements take time.
    is_void = user is not None and sign_in_policy.must_use_business_account(user) and is_right
    if is_void and user and not from_unknown_browser:
        return _tell_owner(user, origin, browsers)
    attempt = _Attempt(typed_address, user, origin, browsers, from_unknown_browser)
    return _count(attempt, is_accepted=is_right and not is_void, cause="business_account" if is_void else "wrong")


@PreparedQuery
def _by_address() -> QuerySet[User]:
    # With what the audit entry and the policy need: asking later would cost a statement, for known users only.
    people = User.objects.select_related("membership__organisation__connection")
    return people.filter(email__lower=Parameter("address", CharField()))


def _is_right(user: User | None, typed_address: str, password: str, shares: dummy_hash.Shares) -> bool:
    if user is None:
        dummy_hash.compute(typed_address, password, shares)  # as long as checking one
        return False
    return user.check_password(password) and user.is_active


@transaction.atomic
def _tell_owner(user: User, origin: Origin, browsers: KnownBrowsers) -> PasswordAnswer:
    """In a known browser: the password is right and opens nothing. Not told while attempts have to wait there."""
    told = passwords.count(user, user.email, True, origin, browsers) is passwords.Outcome.RIGHT
    if told:
        detail: dict[str, str | int] = {"factor": "password", "cause": "business_account"}
        record(Event.PASSWORD_REFUSED, subject=user, origin=origin, succeeded=False, detail=detail)
    return PasswordAnswer(business_account_only=told)


class _Attempt(NamedTuple):
    """``user``: whose address was typed, if anybody's; ``from_unknown_browser``: this user is not known in it."""

    typed_address: str
    user: User | None
    origin: Origin
    browsers: KnownBrowsers
    from_unknown_browser: bool


def _count(attempt: _Attempt, *, is_accepted: bool, cause: str) -> PasswordAnswer:
    """Count a judged attempt, and answer it."""
    user, typed_address, origin = attempt.user, attempt.typed_address, attempt.origin
    outcome = passwords.count(user, typed_address, is_accepted, origin, attempt.browsers, cause)
    if outcome is not passwords.Outcome.RIGHT:
        if attempt.from_unknown_browser:
            spraying.record_refused(typed_address, origin)
        if outcome is passwords.Outcome.LONGEST_WAIT and user:
            emergency.notify_of_wait(user, origin)
        needs_code = outcome is passwords.Outcome.CODE_NEEDED
        return PasswordAnswer(combined=CombinedSignIn(typed_address, user, is_accepted) if needs_code else None)
    if attempt.from_unknown_browser:
        network.refund(origin)
    spraying.record_accepted(typed_address)
    if user and sign_in_policy.is_emergency_account(user):
        emergency.notify_of_use(user, origin)
    return PasswordAnswer(user)
