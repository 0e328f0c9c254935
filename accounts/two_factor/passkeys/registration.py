"""Adding a passkey."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.db import IntegrityError, transaction

from accounts import limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.throttling import known_browsers
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.devices import Situation
from accounts.two_factor.models import FormerPasskey, Passkey, PasskeyHandle
from accounts.two_factor.passkeys import ceremonies, judgement, names
from accounts.two_factor.passkeys.ceremonies import Account, Ceremony, Purpose, Question
from accounts.two_factor.passkeys.flows import use_up
from accounts.two_factor.passkeys.judgement import Answer, Registered
from accounts.two_factor.verification import Outcome, VerificationResult


def question_for(user: User, binding: str, purpose: Purpose = Purpose.ADD, *, all_lost: bool = False) -> Ceremony:
    """What the page that adds a passkey asks of the browser. ``all_lost``: a device that has one makes it anew, because
    the earlier ones stop."""
    handle = PasskeyHandle.objects.filter(user=user).values_list("handle", flat=True).first()
    known = [] if all_lost else _without_copied(user, devices.passkeys_of(user))
    account = Account(user.pk, user.email, bytes(handle) if handle else None, known)
    return ceremonies.to_add(account, binding, purpose)


def _without_copied(user: User, known: list[Passkey]) -> list[Passkey]:
    """Of a passkey whose count fell there may be a copy: its device makes another in its place."""
    fell = AuditEntry.objects.filter(subject=user, event=Event.PASSKEY_COUNT_FELL)
    copied = set(fell.values_list("detail__digest", flat=True)) if known else set()
    return [one for one in known if one.short_digest not in copied]


class Addition(NamedTuple):
    """``answer.device``: the new passkey; ``before``: what the person had, read under the lock; ``replaces_all``:
    nothing of that is left."""

    answer: VerificationResult
    before: Situation = Situation()
    replaces_all: bool = False

    @property
    def is_first(self) -> bool:
        return not self.before.has_factor

    @property
    def is_accepted(self) -> bool:
        return self.answer.outcome is Outcome.ACCEPTED


OnAdded = Callable[[Addition], None]


def add(
    user: User,
    ceremony: str,
    credential: str,
    *,
    binding: str,
    origin: Origin,
    purpose: Purpose = Purpose.ADD,
    all_lost: bool = False,
    on_added: OnAdded | None = None,
) -> Addition:
    """Store the passkey that an authenticator has just made. ``all_lost``: account recovery by support; every other
    device and the recovery codes stop. ``on_added`` is called on success, in the same transaction."""
    question = ceremonies.question_of(ceremony, user.pk, binding, purpose)
    if question is None:
        return _refusal(Outcome.EXPIRED)
    answer = judgement.read(credential)
    if answer is None:
        return _refusal(Outcome.NOT_A_CODE)
    made = judgement.judge_registration(answer, question)
    if made is None:
        addition = _refusal(Outcome.WRONG)
    else:
        addition = _store(user, question, answer, made, origin, all_lost, on_added)
    if not addition.is_accepted and addition.answer.was_judged:
        facts = addition.answer.facts | {"purpose": purpose.value}
        record_aggregated(Event.PASSKEY_REFUSED, subject=user, origin=origin, detail=facts)
    return addition


@transaction.atomic
def _store(
    user: User,
    question: Question,
    answer: Answer,
    made: Registered,
    origin: Origin,
    all_lost: bool,
    on_added: OnAdded | None,
) -> Addition:
    devices.lock(user)
    before = devices.situation_of(user)
    if refused := _reason_against(user, before, question, made, all_lost):
        return _refusal(refused)
    name = names.unused(names.suggested(made.aaguid, answer.transports, origin.browser), devices.passkeys_of(user))
    detail: dict[str, str | int] = {"factor": Passkey.kind, "name": name}
    if question.purpose is Purpose.OFFER:
        detail["by_itself"] = 1
    passkey = _new(user, made, answer, name)
    if passkey is None:
        return _refusal(Outcome.LINKED_ALREADY)
    if all_lost or not before.has_factor:
        # Until a first device the password alone made a browser known.
        known_browsers.forget_all(user)
    entry = record(Event.PASSKEY_ADDED, subject=user, origin=origin, detail=detail)
    Passkey.objects.filter(pk=passkey.pk).update(linked_in=entry.pk)
    if all_lost:
        devices.remove_others(user, passkey)
        previous_devices.record_end(user, entry)
    if before.recovers:
        devices.end_recovery(user)
    addition = Addition(VerificationResult(Outcome.ACCEPTED, passkey, factor=Passkey.kind), before, all_lost)
    if on_added:
        on_added(addition)
    return addition


def _reason_against(
    user: User, before: Situation, question: Question, made: Registered, all_lost: bool
) -> Outcome | None:
    if len(before.passkeys) >= limits.PASSKEYS and not all_lost:
        return Outcome.TOO_MANY
    digest = ceremonies.digest_of(made.credential_id)
    # In this order: a passkey that is removed at this moment is found in one of the two. A removed one of somebody else
    # counts, because its owner may get it back; whoever saw its id on a page could keep the owner from that.
    if Passkey.objects.filter(digest=digest) or FormerPasskey.objects.filter(digest=digest).exclude(user=user):
        return Outcome.LINKED_ALREADY
    handle, _is_new = PasskeyHandle.objects.get_or_create(user=user, defaults={"handle": question.handle})
    if bytes(handle.handle) != question.handle:
        return Outcome.EXPIRED  # made under another SECRET_KEY: its authenticator knows the person by another name
    return None if use_up(question) else Outcome.USED


def _new(user: User, made: Registered, answer: Answer, name: str) -> Passkey | None:
    """None when somebody else stores the same credential at the same moment."""
    passkey = Passkey(
        user=user,
        name=name,
        credential_id=made.credential_id,
        digest=ceremonies.digest_of(made.credential_id),
        sign_count=made.sign_count,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        has_verified=made.has_verified,
        aaguid=made.aaguid,
        transports=answer.transports,
    )
    passkey.set_public_key(made.key)
    try:
        with transaction.atomic():
            passkey.save(force_insert=True)
    except IntegrityError:
        return None
    return passkey


def _refusal(outcome: Outcome) -> Addition:
    return Addition(VerificationResult(outcome, factor=Passkey.kind))
