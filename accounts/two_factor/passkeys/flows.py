"""Passkeys: verifying one, wherever it is asked for, and renaming or removing one. Adding one: `registration`."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.throttling.rules import Kind
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.devices import Situation
from accounts.two_factor.models import EndReason, Passkey, UsedChallenge
from accounts.two_factor.passkeys import ceremonies, judgement
from accounts.two_factor.passkeys.ceremonies import Ceremony, Purpose, Question
from accounts.two_factor.passkeys.judgement import Answer, Shown
from accounts.two_factor.verification import OnAccepted, Outcome, VerificationResult


def question_for(user: User | None, purpose: Purpose, binding: str) -> Ceremony:
    """What a page asks: any passkey of this person, or of somebody not known yet."""
    if user is None:
        return ceremonies.to_show(purpose, 0, binding)
    return ceremonies.to_show(purpose, user.pk, binding, devices.passkeys_of(user))


def verify(
    user: User | None,
    ceremony: str,
    credential: str,
    *,
    purpose: Purpose,
    binding: str,
    origin: Origin,
    browsers: KnownBrowsers,
    on_accepted: OnAccepted | None = None,
) -> VerificationResult:
    """Verify the answer of a passkey. ``user``: whose it must be; None for the whole sign-in, where the passkey tells.

    ``ceremony`` and ``credential``: as posted; ``binding``: what binds the page to this browser. ``on_accepted`` is
    called in the transaction that uses the challenge up. Like recovery codes, passkeys cannot be guessed: wrong ones
    are counted, and a right one passes every wait.
    """
    question = ceremonies.question_of(ceremony, user.pk if user else 0, binding, purpose)
    if question is None:
        return _result(Outcome.EXPIRED)
    answer = judgement.read(credential)
    if answer is None:
        return _result(Outcome.NOT_A_CODE)
    passkey = _find(answer)
    if passkey is None or (user is not None and passkey.user_id != user.pk):
        if user is None and not _is_within_limit(origin):
            return _result(Outcome.UNKNOWN_PASSKEY)
        return _refuse(user, None, Outcome.UNKNOWN_PASSKEY, origin, browsers)
    # Judged before anything is locked.
    shown = _judge(passkey, answer, question, is_whole_sign_in=user is None)
    if not isinstance(shown, Shown):
        if user is None and not _is_within_limit(origin):
            return _result(shown, passkey, origin.reference)
        return _refuse(passkey.user, passkey, shown, origin, browsers)
    return _accept(passkey, question, shown, origin, browsers, on_accepted)


def _find(answer: Answer) -> Passkey | None:
    found = Passkey.objects.filter(digest=ceremonies.digest_of(answer.credential_id))
    people = found.select_related("user__membership__organisation__connection")
    # With an open account recovery no device counts; whoever begins one removes them all.
    free = people.filter(user__account_recovery=None)
    return free.annotate(handle=F("user__passkey_handle__handle")).first()


def _judge(passkey: Passkey, answer: Answer, question: Question, *, is_whole_sign_in: bool) -> Shown | Outcome:
    handle = getattr(passkey, "handle", None)
    if (answer.handle or is_whole_sign_in) and answer.handle != (bytes(handle) if handle else None):
        return Outcome.WRONG
    try:
        key = passkey.public_key()
    except SecretUnreadableError:
        return Outcome.UNREADABLE
    shown = judgement.judge_assertion(answer, question, key)
    # A passkey never becomes one that may be copied, or the other way round (section 7.2, step 20).
    if shown is None or shown.backup_eligible != passkey.backup_eligible:
        return Outcome.WRONG
    if not is_whole_sign_in:
        return shown
    if not passkey.user.is_active:
        return Outcome.INACTIVE
    if sign_in_policy.must_use_business_account(passkey.user):
        return Outcome.BUSINESS_ACCOUNT
    # Made by a browser that asked nobody: it becomes the whole sign-in once it was used after the password (section
    # 7.2, the step about uvInitialized).
    return shown if passkey.has_verified else Outcome.NOT_YET_ALONE


@transaction.atomic
def _accept(
    passkey: Passkey,
    question: Question,
    shown: Shown,
    origin: Origin,
    browsers: KnownBrowsers,
    on_accepted: OnAccepted | None,
) -> VerificationResult:
    owner = passkey.user
    devices.lock(owner)  # before the counter, in the same order as a reset
    if not User.objects.filter(pk=owner.pk, is_active=True).exists():  # since it was judged
        return _refuse(owner, passkey, Outcome.INACTIVE, origin, browsers)
    if not use_up(question):
        return _refuse(owner, passkey, Outcome.USED, origin, browsers)
    if not _note_use(passkey, shown):
        is_there = Passkey.objects.filter(pk=passkey.pk).exists()
        outcome = Outcome.COUNT_FELL if is_there else Outcome.UNKNOWN_PASSKEY
        return _refuse(owner, passkey, outcome, origin, browsers)
    throttling.count_success(throttling.counter_for(owner, Kind.PASSKEY, browsers))
    result = _result(Outcome.ACCEPTED, passkey)
    if on_accepted:
        on_accepted(result)
    return result


def use_up(question: Question) -> bool:
    """Use a challenge up; exactly once, by the primary key. Call inside a transaction."""
    try:
        with transaction.atomic():
            UsedChallenge(digest=ceremonies.digest_of(question.challenge)).save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _note_use(passkey: Passkey, shown: Shown) -> bool:
    """Store what the passkey reported. False when it is gone, or its count did not grow: then a copy may be about.
    Authenticators that do not count report 0 each time (section 6.1.1)."""
    grows = Q(sign_count__lt=shown.sign_count) if shown.sign_count else Q(sign_count=0)
    rows = Passkey.objects.filter(grows, pk=passkey.pk)
    changed = {"sign_count": shown.sign_count, "backed_up": shown.backed_up, "last_used_at": timezone.now()}
    return rows.update(has_verified=True, **changed) == 1


# Refusals that are no sign of an attempt to guess.
_NOT_COUNTED = frozenset(
    {Outcome.UNREADABLE, Outcome.USED, Outcome.INACTIVE, Outcome.BUSINESS_ACCOUNT, Outcome.NOT_YET_ALONE}
)


@transaction.atomic
def _refuse(
    owner: User | None, passkey: Passkey | None, outcome: Outcome, origin: Origin, browsers: KnownBrowsers
) -> VerificationResult:
    result = _result(outcome, passkey, origin.reference)
    if owner is not None and outcome not in _NOT_COUNTED:
        devices.lock(owner)
        throttling.count_failure(throttling.counter_for(owner, Kind.PASSKEY, browsers))
    if outcome is Outcome.COUNT_FELL and owner and passkey and not _was_told(owner, passkey):
        # The digest, so that a report "this was not me" finds the passkey of which there may be a copy, also after it
        # was removed and came back under another key.
        detail: dict[str, str | int] = {"factor": Passkey.kind, "name": passkey.name, "digest": passkey.short_digest}
        record(Event.PASSKEY_COUNT_FELL, subject=owner, origin=origin, succeeded=False, detail=detail)
    else:
        record_aggregated(Event.PASSKEY_REFUSED, subject=owner, origin=origin, detail=result.facts)
    return result


def _is_within_limit(origin: Origin) -> bool:
    """May a refusal be recorded of whoever was not known before the answer? As many of one network as wrong passwords:
    a script that sends more finds the same answer, and writes nothing."""
    limit, period = limits.NETWORK_FAILURES, limits.NETWORK_PERIOD
    return rate_limits.consume_by_network("passkey", origin.address, via=origin.via, limit=limit, period=period)


def _was_told(user: User, passkey: Passkey) -> bool:
    """Was this mailed today? Whoever has a copy may try it any number of times."""
    since = timezone.now() - limits.ALERT_MAIL_INTERVAL
    told = AuditEntry.objects.filter(subject=user, event=Event.PASSKEY_COUNT_FELL, at__gt=since)
    return told.filter(detail__digest=passkey.short_digest).exists()


def _result(outcome: Outcome, passkey: Passkey | None = None, reference: str = "") -> VerificationResult:
    return VerificationResult(outcome, passkey, factor=Passkey.kind, reference=reference)


def may_remove(user: User, mine: Situation) -> bool:
    """Not the last second factor, which only switching off removes; nor the last passkey while one is required."""
    return mine.factors > 1 and (len(mine.passkeys) > 1 or not sign_in_policy.must_use_passkey(user))


@transaction.atomic
def remove(user: User, passkey: Passkey, origin: Origin) -> bool:
    """Remove one of several; False where `may_remove` says so. True, and nothing is recorded, when a parallel request
    removed it first."""
    devices.lock(user)
    if not may_remove(user, devices.situation_of(user)):
        return False
    if not previous_devices.retire_passkeys(Passkey.objects.filter(pk=passkey.pk, user=user), EndReason.REMOVED):
        return True
    entry = record(Event.PASSKEY_REMOVED, subject=user, origin=origin, detail={"name": passkey.name})
    previous_devices.record_end(user, entry)
    return True


@transaction.atomic
def rename(user: User, passkey: Passkey, name: str, origin: Origin) -> None:
    if Passkey.objects.filter(pk=passkey.pk, user=user).update(name=name) == 1:
        record(Event.PASSKEY_RENAMED, subject=user, origin=origin, detail={"name": name})


def purge_challenges() -> int:
    """Delete challenges whose pages have expired, by the clock of every web machine. Returns how many."""
    return UsedChallenge.objects.filter(used_at__lte=timezone.now() - limits.PASSKEY_CHALLENGE_KEPT).delete()[0]
