"""Recovery codes: ten at activation, each for one sign-in (NIST SP 800-63B-4 section 4.2.1.1).

Shown until the person has kept them, in the session that made them and for `limits.RECOVERY_CODES_SHOWN` at most.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts import encryption, limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.throttling.rules import Kind
from accounts.two_factor import devices, verification
from accounts.two_factor.codes import parse_recovery_code, slow_digest, slow_digests
from accounts.two_factor.models import RecoveryCode, RecoveryCodeSet
from accounts.two_factor.verification import OnAccepted, Outcome, VerificationResult

SALT_BYTES = 16
_ALPHABET = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
SHOWN = "recovery_codes"  # the key in the session


def _new_code() -> str:
    """80 random bits in sixteen letters and digits without look-alikes (Crockford's base 32)."""
    return base64.b32encode(os.urandom(limits.RECOVERY_CODE_BYTES)).translate(_ALPHABET).decode("ascii")


def make(user: User, origin: Origin, *, mailed: bool = True) -> list[str]:
    """Replace the set. Returns the codes, in plain text only here. Raises TooBusyError.

    ``mailed=False`` when another mail about the same change is sent.
    """
    fresh = prepare()
    with transaction.atomic():
        devices.lock(user)
        old = RecoveryCodeSet.objects.filter(user=user).values_list("pk", flat=True).first()
        store(user, fresh, origin, old=old, mailed=mailed)
    return fresh.codes


@dataclass(frozen=True)
class Prepared:
    """Codes that are hashed and belong to nobody yet. ``salt``: by which their set is known."""

    codes: list[str] = field(repr=False)
    salt: bytes
    digests: list[str]


def prepare() -> Prepared:
    """New codes, hashed: that takes a tenth of a second, so call it before a transaction. Raises TooBusyError."""
    codes, salt = [_new_code() for _ in range(limits.RECOVERY_CODES)], os.urandom(SALT_BYTES)
    return Prepared(codes, salt, slow_digests(codes, salt))


def store(user: User, fresh: Prepared, origin: Origin, *, old: int | None, mailed: bool = True) -> None:
    """Make these the codes of the person, instead of the set ``old``. Call inside a transaction that locks the row of
    the person, and has seen since that there is no other set. ``mailed``: see `make`."""
    values = {"name": "Herstelcodes", "salt": fresh.salt, "asked_at": timezone.now()}
    if old is None:
        pk = RecoveryCodeSet.objects.create(user=user, **values).pk
    else:
        # The codes before the set, as in `use`; another order could deadlock. The set stays: sessions name it.
        RecoveryCode.objects.filter(code_set=old).delete()
        RecoveryCodeSet.objects.filter(pk=old).update(**values)
        pk = old
    RecoveryCode.objects.bulk_create([RecoveryCode(code_set_id=pk, digest=digest) for digest in fresh.digests])
    if mailed:
        record(Event.RECOVERY_CODES_MADE, subject=user, origin=origin)


def keep_to_show(session: MutableMapping[str, Any], user: User, fresh: Prepared) -> None:
    """In the session, until they are shown and kept: encrypted and bound to the person, beside the encryption of the
    whole session."""
    sealed = encryption.seal_text(json.dumps({"codes": fresh.codes, "set": fresh.salt.hex()}), owner=_owner(user))
    session[SHOWN] = {"sealed": sealed, "made_at": timezone.now().isoformat()}


def use(
    user: User, typed: str, origin: Origin, browsers: KnownBrowsers, on_accepted: OnAccepted | None = None
) -> VerificationResult:
    """Verify a recovery code and use it up. It has its own failure counter, apart from the authenticator app's.

    ``on_accepted`` is called on success, in the same transaction.
    """
    code = parse_recovery_code(typed)
    code_set = RecoveryCodeSet.objects.filter(user=user).first()
    if code is None:
        return verification.not_a_code(typed, RecoveryCodeSet.kind)
    # Hashed before anything is locked, and also without a set, so that timing reveals nothing.
    digest = slow_digest(code, code_set.salt if code_set else bytes(SALT_BYTES))
    return _verify(user, code_set, digest, origin, browsers, on_accepted)


@transaction.atomic
def _verify(
    user: User,
    code_set: RecoveryCodeSet | None,
    digest: str,
    origin: Origin,
    browsers: KnownBrowsers,
    on_accepted: OnAccepted | None,
) -> VerificationResult:
    counter = throttling.counter_for(user, Kind.RECOVERY_CODE, browsers)
    answer = verification.refusal_before_check(counter, RecoveryCodeSet.kind)
    if answer is None and _use_up(code_set, digest):
        throttling.count_success(counter)
        left = devices.recovery_codes_left(user) or 0
        record(Event.RECOVERY_CODE_USED, subject=user, origin=origin, detail={"left": left})
        answer = VerificationResult(Outcome.ACCEPTED, code_set, factor=RecoveryCodeSet.kind)
        if on_accepted:
            on_accepted(answer)
        return answer
    if answer is None:
        until = verification.count_failure(counter, user, origin)
        answer = VerificationResult(Outcome.WRONG, waits_until=until, factor=RecoveryCodeSet.kind)
    record_aggregated(Event.RECOVERY_CODE_REFUSED, subject=user, origin=origin, detail=answer.facts)
    return answer


def _use_up(code_set: RecoveryCodeSet | None, digest: str) -> bool:
    """Use a code up; exactly once, by the row count of the update."""
    now = timezone.now()
    unused = RecoveryCode.objects.filter(code_set=code_set, digest=digest, used_at=None)
    if code_set is None or unused.update(used_at=now) != 1:
        return False
    RecoveryCodeSet.objects.filter(pk=code_set.pk).update(last_used_at=now)
    return True


def is_unused(user: User | None, typed: str) -> bool:
    """Is it a valid code of this person? Does not use it up. Same work without a person. Raises TooBusyError."""
    code = parse_recovery_code(typed)
    code_set = RecoveryCodeSet.objects.filter(user=user).first() if user else None
    digest = slow_digest(code or "", code_set.salt if code_set else bytes(SALT_BYTES))
    return RecoveryCode.objects.filter(code_set=code_set, digest=digest, used_at=None).exists()


def is_reminder_due(asked_at: datetime | None) -> bool:
    """Is it time to ask whether the person still has the codes? ``asked_at``: when that was asked last; None without a
    set."""
    return asked_at is not None and asked_at <= timezone.now() - limits.RECOVERY_CODES_QUESTION


def postpone_reminder(user: User) -> None:
    """Answered or postponed: ask again in a month."""
    RecoveryCodeSet.objects.filter(user=user).update(asked_at=timezone.now())


def _owner(user: User) -> str:
    return f"recovery-codes:{user.pk}"


class FreshCodes(NamedTuple):
    """``codes``: in groups of four, as they are shown."""

    codes: list[str]
    made_at: datetime


def to_show(session: MutableMapping[str, Any], user: User, salt: bytes | None) -> FreshCodes | None:
    """The codes that this session made, until `forget`; None later, or when there is another set, or none, by now.
    ``salt``: of the present set.

    Raises encryption.SecretUnreadableError, once.
    """
    forget_when_over(session)
    kept = session.get(SHOWN)
    if kept is None:
        return None
    try:
        opened = json.loads(encryption.unseal_text(kept["sealed"], owner=_owner(user)))
    except encryption.SecretUnreadableError:
        forget(session)
        raise
    if bytes.fromhex(opened["set"]) != salt:
        forget(session)
        return None
    grouped = ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in opened["codes"]]
    return FreshCodes(grouped, datetime.fromisoformat(kept["made_at"]))


def are_waiting(session: MutableMapping[str, Any]) -> bool:
    """Are there codes to show? Without opening them."""
    return SHOWN in session


def forget(session: MutableMapping[str, Any]) -> None:
    """The person has kept the codes."""
    session.pop(SHOWN, None)


def forget_when_over(session: MutableMapping[str, Any]) -> None:
    """Remove codes that waited too long, so that whoever takes over the session later finds none."""
    kept = session.get(SHOWN)
    if kept is None:
        return
    # A text: of a version before, which kept them over one redirect only.
    is_over = isinstance(kept, str) or (
        timezone.now() - datetime.fromisoformat(kept["made_at"]) >= limits.RECOVERY_CODES_SHOWN
    )
    if is_over:
        forget(session)
