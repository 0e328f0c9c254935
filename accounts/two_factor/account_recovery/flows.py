"""Account recovery after support reset the second factor: a mailed link, or a bridge code that support reads out.

Both need the right password as well, work once, and give access only to the set-up of a new phone
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
from accounts.two_factor.codes import BRIDGE_CODE_ALPHABET, parse_bridge_code, slow_digest
from accounts.two_factor.models import AccountRecovery, BridgeCode

SALT = "accounts.two_factor.account_recovery"
SALT_BYTES = 16


class Outcome(Enum):
    ACCEPTED = auto()
    NOT_A_CODE = auto()
    WRONG = auto()  # or there is none, or it expired: a guesser learns no difference
    VOID = auto()  # this was the last attempt


def of(user: User) -> AccountRecovery | None:
    """The open recovery of this person, or None."""
    return AccountRecovery.objects.filter(user=user).first()


@transaction.atomic
def begin(user: User) -> str:
    """From now on the password alone is not enough. Returns the URL to mail; earlier links are void."""
    AccountRecovery.objects.update_or_create(
        user=user, defaults={"began_at": timezone.now(), "account": _password_fingerprint(user)}
    )
    BridgeCode.objects.filter(user=user).delete()
    return _new_link(user)


def _new_link(user: User) -> str:
    AccountRecovery.objects.filter(user=user).update(links_issued=F("links_issued") + 1)
    number = AccountRecovery.objects.values_list("links_issued", flat=True).get(user=user)
    token = signing.dumps({"user": user.pk, "number": number, "to": user.email}, salt=SALT)
    return settings.PUBLIC_URL + reverse("recovery_link", args=[token])


def _password_fingerprint(user: User) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()


def is_link_sufficient(recovery: AccountRecovery) -> bool:
    """False when the password was set after the reset: then link and password came from the same mailbox. Also after
    `distrust_links`."""
    return constant_time_compare(recovery.account, _password_fingerprint(recovery.user))


def accepts_links(user: User) -> bool:
    """Is there an open recovery whose mailed links still count? Else only support helps."""
    recovery = of(user)
    return recovery is not None and is_link_sufficient(recovery)


def distrust_links(user: User) -> None:
    """Refuse every mailed link of this recovery until support resets again: the person reported a change as not theirs,
    so the reset may have been for somebody else."""
    AccountRecovery.objects.filter(user=user).update(account="")


def send_link(user: User, origin: Origin) -> bool:
    """Mail a new link after the right password; False beyond the rate limit."""
    period = limits.RECOVERY_LINK_MAILS_PERIOD
    if not rate_limits.consume("recovery-link", str(user.pk), limit=limits.RECOVERY_LINK_MAILS, period=period):
        return False
    with transaction.atomic():
        if not AccountRecovery.objects.select_for_update().filter(user=user):
            return False
        hours = int(limits.RECOVERY_LINK.total_seconds()) // 3600
        sending.send("recovery_link", user, valid_for=limits.RECOVERY_LINK, address=_new_link(user), hours=hours)
        record(Event.RECOVERY_LINK_SENT, subject=user, origin=origin)
    return True


def recovery_of(token: str) -> AccountRecovery | None:
    """The recovery of a mailed link; None when it is forged, expired, used, not the newest, or was mailed to an earlier
    address of the person."""
    try:
        content = signing.loads(token, salt=SALT, max_age=limits.RECOVERY_LINK)
    except signing.BadSignature:
        return None
    found = AccountRecovery.objects.filter(user=content["user"], links_issued=content["number"], user__is_active=True)
    return found.filter(user__email=content.get("to", "")).select_related("user").first()


@transaction.atomic
def use_link(token: str, user: User, on_accepted: Callable[[], None] = lambda: None) -> bool:
    """Use the link up after the right password; exactly once, also in parallel."""
    recovery = recovery_of(token) if token else None
    if recovery is None or recovery.user_id != user.pk or not is_link_sufficient(recovery):
        return False
    unused = AccountRecovery.objects.filter(pk=recovery.pk, links_issued=recovery.links_issued)
    if unused.update(links_issued=F("links_issued") + 1) != 1:
        return False
    on_accepted()
    return True


@dataclass(frozen=True)
class NewBridgeCode:
    """A bridge code that is made and not yet issued."""

    code: str = field(repr=False)
    salt: bytes
    digest: str


def new_bridge_code(user: User) -> NewBridgeCode:
    """Call before the transaction that issues it: hashing takes time and may have to wait. Raises TooBusyError."""
    code = "".join(secrets.choice(BRIDGE_CODE_ALPHABET) for _ in range(limits.BRIDGE_CODE_SIGNS))
    salt = os.urandom(SALT_BYTES)
    return NewBridgeCode(code, salt, _digest(user, code, salt))


def issue_bridge_code(user: User, new: NewBridgeCode | None = None) -> str:
    """Store the code, and return it for support to read out ("K7N3-MZDW"); an earlier one is void."""
    new = new or new_bridge_code(user)
    stored = {"salt": new.salt, "digest": new.digest, "made_at": timezone.now(), "failures": 0}
    BridgeCode.objects.update_or_create(user=user, defaults=stored)
    half = len(new.code) // 2
    return f"{new.code[:half]}-{new.code[half:]}"


def _digest(user: User, code: str, salt: bytes) -> str:
    """Salted with the present password, so that a new password voids the code. Otherwise somebody who reads the mailbox
    could answer the caller check, get a code, and set a password by mail afterwards."""
    return slow_digest(code, salt + _password_fingerprint(user).encode())


def withdraw_bridge_code(user: User) -> bool:
    """False when there was none that still worked."""
    found = BridgeCode.objects.filter(user=user)
    still_works = found.filter(made_at__gt=timezone.now() - limits.BRIDGE_CODE).exists()
    found.delete()
    return still_works


def use_bridge_code(user: User, typed: str, origin: Origin, on_accepted: Callable[[], None] = lambda: None) -> Outcome:
    """Verify what was typed after the right password, and use the code up. Never raises, so that failures are counted.

    ``on_accepted`` is called on success, in the same transaction; likewise in `use_link`.
    """
    code = parse_bridge_code(typed)
    if code is None:
        return Outcome.NOT_A_CODE
    known = BridgeCode.objects.filter(user=user).first()
    # Hashed before anything is locked, and also without a code, so that timing reveals nothing.
    digest = _digest(user, code, bytes(known.salt) if known else bytes(SALT_BYTES))
    with transaction.atomic():
        outcome = _verify(user, digest)
        if outcome is Outcome.ACCEPTED:
            on_accepted()
        else:
            facts: dict[str, str | int] = {"factor": "bridge_code", "cause": "wrong"}
            record_aggregated(Event.CODE_REFUSED, subject=user, origin=origin, detail=facts)
    return outcome


def _verify(user: User, digest: str) -> Outcome:
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
    """Delete expired bridge codes. Returns how many."""
    return BridgeCode.objects.filter(made_at__lte=timezone.now() - limits.BRIDGE_CODE).delete()[0]
