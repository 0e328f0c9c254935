"""The way back in for whoever lost the phone and asked support: a mailed link, or a code that is read out.

Both count only together with the right password, work once, and open nothing but the set-up of a new phone
(NIST SP 800-63B-4 section 4.2.2; ASVS 6.4.4).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import limits, rate_limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.two_factor.codes import TELEPHONE_SIGNS, parse_bridge_code, slow_digest
from accounts.two_factor.models import AccountRecovery, BridgeCode

SALT = "accounts.two_factor.account_recovery"
SALT_BYTES = 16


class Outcome(Enum):
    ACCEPTED = auto()
    NOT_A_CODE = auto()
    WRONG = auto()  # or there is none, or it is too old: all the same to whoever guesses
    VOID = auto()  # this was the last try


def of(user: User) -> AccountRecovery | None:
    """The open recovery of this person; None when the password and the own device do."""
    return AccountRecovery.objects.filter(user=user).first()


@transaction.atomic
def begin(user: User) -> str:
    """From now on the password alone opens nothing. Returns the address of the link to mail; earlier ones are void."""
    AccountRecovery.objects.update_or_create(
        user=user, defaults={"began_at": timezone.now(), "account": _account(user)}
    )
    BridgeCode.objects.filter(user=user).delete()
    return _new_link(user)


def _new_link(user: User) -> str:
    AccountRecovery.objects.filter(user=user).update(links_issued=F("links_issued") + 1)
    number = AccountRecovery.objects.values_list("links_issued", flat=True).get(user=user)
    token = signing.dumps({"user": user.pk, "number": number, "to": user.email}, salt=SALT)
    return settings.PUBLIC_URL + reverse("recovery_link", args=[token])


def _account(user: User) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()


def link_is_enough(recovery: AccountRecovery) -> bool:
    """False when the password was set anew after the reset: then link and password came from the same mailbox. Also
    when links are trusted no more (`distrust_links`)."""
    return constant_time_compare(recovery.account, _account(recovery.user))


def distrust_links(user: User) -> None:
    """The person says that it was not them, so a reset may have been for somebody else: until support resets anew, no
    mailed link of this recovery opens anything, the one in the mailbox neither."""
    AccountRecovery.objects.filter(user=user).update(account="")


def send_link(user: User, origin: Origin) -> bool:
    """Mail a new link to somebody who has shown the right password; False beyond the quota."""
    period = limits.RECOVERY_LINK_MAILS_PERIOD
    if not rate_limits.spend("recovery-link", str(user.pk), limit=limits.RECOVERY_LINK_MAILS, period=period):
        return False
    with transaction.atomic():
        if not AccountRecovery.objects.select_for_update().filter(user=user):
            return False
        hours = int(limits.RECOVERY_LINK.total_seconds()) // 3600
        sending.send("recovery_link", user, address=_new_link(user), hours=hours)
        record(Event.RECOVERY_LINK_SENT, subject=user, origin=origin)
    return True


def recovery_of(token: str) -> AccountRecovery | None:
    """The recovery that a mailed link belongs to; None when it is forged, too old, used, not the newest, or
    went to an address that is the person's no more."""
    try:
        content = signing.loads(token, salt=SALT, max_age=limits.RECOVERY_LINK)
    except signing.BadSignature:
        return None
    found = AccountRecovery.objects.filter(user=content["user"], links_issued=content["number"], user__is_active=True)
    return found.filter(user__email=content.get("to", "")).select_related("user").first()


@transaction.atomic
def use_link(token: str, user: User, opens: Callable[[], None] = lambda: None) -> bool:
    """Use the link up after the right password: exactly once, whatever runs in parallel."""
    recovery = recovery_of(token) if token else None
    if recovery is None or recovery.user_id != user.pk or not link_is_enough(recovery):
        return False
    unused = AccountRecovery.objects.filter(pk=recovery.pk, links_issued=recovery.links_issued)
    if unused.update(links_issued=F("links_issued") + 1) != 1:
        return False
    opens()
    return True


@dataclass(frozen=True)
class FreshCode:
    """A bridge code that was made and not issued yet."""

    code: str = field(repr=False)
    salt: bytes
    digest: str


def fresh_bridge_code(user: User) -> FreshCode:
    """Make one before the transaction that issues it: the hash takes its time, and may have to wait for its turn."""
    code = "".join(secrets.choice(TELEPHONE_SIGNS) for _ in range(limits.BRIDGE_CODE_SIGNS))
    salt = os.urandom(SALT_BYTES)
    return FreshCode(code, salt, _digest(user, code, salt))


def issue_bridge_code(user: User, fresh: FreshCode | None = None) -> str:
    """The code for support to read out, readable for the last time ("K7N3-MZDW"); the one before is void."""
    fresh = fresh or fresh_bridge_code(user)
    stored = {"salt": fresh.salt, "digest": fresh.digest, "made_at": timezone.now(), "failures": 0}
    BridgeCode.objects.update_or_create(user=user, defaults=stored)
    half = len(fresh.code) // 2
    return f"{fresh.code[:half]}-{fresh.code[half:]}"


def _digest(user: User, code: str, salt: bytes) -> str:
    """With the password of the moment, so that another one makes the code void. The words that prove who calls went to
    the mailbox; whoever reads that could otherwise get a code first and set a password by mail afterwards."""
    return slow_digest(code, salt + _account(user).encode())


def withdraw_bridge_code(user: User) -> None:
    BridgeCode.objects.filter(user=user).delete()


def use_bridge_code(user: User, typed: str, origin: Origin, opens: Callable[[], None] = lambda: None) -> Outcome:
    """Judge what somebody with the right password typed, and use the code up. Returns, so that the count survives.

    ``opens`` is called when it is accepted, in the same transaction; so it is for `use_link`.
    """
    code = parse_bridge_code(typed)
    if code is None:
        return Outcome.NOT_A_CODE
    known = BridgeCode.objects.filter(user=user).first()
    # Hashed before anything is locked, and also without a code, so that the time does not tell.
    digest = _digest(user, code, bytes(known.salt) if known else bytes(SALT_BYTES))
    with transaction.atomic():
        outcome = _judge(user, digest)
        if outcome is Outcome.ACCEPTED:
            opens()
        else:
            facts: dict[str, str | int] = {"factor": "bridge_code", "cause": "wrong"}
            record_aggregated(Event.CODE_REFUSED, subject=user, origin=origin, detail=facts)
    return outcome


def _judge(user: User, digest: str) -> Outcome:
    User.objects.select_for_update().get(pk=user.pk)
    fresh = timezone.now() - limits.BRIDGE_CODE
    found = BridgeCode.objects.filter(user=user, made_at__gt=fresh).first()
    if found is None:
        return Outcome.WRONG
    if constant_time_compare(found.digest, digest):
        found.delete()
        return Outcome.ACCEPTED
    found.failures += 1
    found.save(update_fields=["failures"])
    if found.failures < limits.BRIDGE_CODE_TRIES:
        return Outcome.WRONG
    found.delete()
    return Outcome.VOID


def purge() -> int:
    """Delete bridge codes that are too old to work. Returns how many."""
    return BridgeCode.objects.filter(made_at__lte=timezone.now() - limits.BRIDGE_CODE).delete()[0]
