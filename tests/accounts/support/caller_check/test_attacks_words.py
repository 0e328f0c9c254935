"""A worker guesses the words that the caller should read out, or has somebody call the owner for them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.caller_check import flows
from accounts.support.caller_check.flows import Outcome
from accounts.support.caller_check.word_list import WORDS
from accounts.support.flows import Refusal
from accounts.support.interventions import approval
from accounts.support.interventions import flows as interventions
from accounts.support.models import Kind
from tests.accounts.support.desk_pages import HERE, act, page_of, words_in_mail
from tests.conftest import mails
from tests.factories import UserFactory
from tests.pages import at_once, shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True, email="beller@voorbeeld.nl")


def guess(person: User, worker: User, times: int) -> list[object]:
    """So many guesses, with as many mails as that takes; the hour of each mail is over."""
    outcomes: list[object] = []
    while len(outcomes) < times:
        cache.clear()
        if (sent := flows.send(person, worker, HERE)) is not Outcome.SENT:
            return [*outcomes, sent]
        tries = min(limits.CALLER_CHECK_TRIES, times - len(outcomes))
        outcomes += [flows.answer(person, worker, "niet deze", HERE) for _ in range(tries)]
    return outcomes


def refused(event: Event) -> list[str]:
    return [entry.detail["cause"] for entry in AuditEntry.objects.filter(event=event, succeeded=False).order_by("pk")]


def test_guesses_of_the_words_of_one_person_end_whoever_guesses_and_however_slowly(person: User) -> None:
    outcomes: list[object] = []
    for day in range(8):
        worker = UserFactory(in_support=True)
        with time_machine.travel(timezone.now() + timedelta(days=day), tick=True):
            outcomes += guess(person, worker, 3)
    judged = [one for one in outcomes if one in (Outcome.WRONG, Outcome.USED_UP)]
    assert len(judged) == limits.CALLER_CHECK_WRONG
    assert outcomes[-1] is Outcome.GUESSED
    assert "Het oude apparaat loskoppelen kan nog wel" in shown(
        signed_in(UserFactory(in_support=True, with_totp=True)), f"{page_of(person)}beller/versturen/", {}
    )
    with time_machine.travel(timezone.now() + timedelta(days=8) + limits.CALLER_CHECK_WRONG_PERIOD, tick=True):
        assert flows.send(person, UserFactory(in_support=True), HERE) is Outcome.SENT


def test_chance_of_a_right_guess_about_one_person_in_a_year() -> None:
    guesses = limits.CALLER_CHECK_WRONG * (timedelta(days=365) / limits.CALLER_CHECK_WRONG_PERIOD + 1)
    assert 1 - (1 - 1 / len(WORDS) ** 2) ** guesses < 0.0013


def test_worker_who_guesses_with_one_person_after_another_is_stopped_and_told_about(desk: User) -> None:
    boss = UserFactory(superuser=True, email="baas@voorbeeld.nl")
    outcomes = [one for _ in range(6) for one in guess(UserFactory(), desk, 3)]
    judged = [one for one in outcomes if one in (Outcome.WRONG, Outcome.USED_UP)]
    assert len(judged) == limits.WORKER_WRONG_WORDS
    assert outcomes[-1] is Outcome.WORKER_GUESSES
    (alarm,) = [mail.body for mail in mails() if mail.to == [boss.email]]
    assert f"{limits.WORKER_WRONG_WORDS} keer in 24 uur" in alarm
    assert "foute woorden" in alarm
    cache.clear()
    assert flows.send(UserFactory(), UserFactory(in_support=True), HERE) is Outcome.SENT
    with time_machine.travel(timezone.now() + limits.WORKER_WRONG_WORDS_PERIOD + timedelta(minutes=1), tick=True):
        assert flows.send(UserFactory(), desk, HERE) is Outcome.SENT


def test_cap_is_exact_when_many_workers_guess_at_once(person: User) -> None:
    workers = [UserFactory(in_support=True) for _ in range(6)]
    for worker in workers:
        cache.clear()
        flows.send(person, worker, HERE)
    for _ in range(limits.CALLER_CHECK_WRONG - 2):
        facts = {"actor": workers[0], "succeeded": False, "detail": {"cause": "wrong"}}
        record(Event.CALLER_CHECKED, subject=person, origin=HERE, **facts)
    outcomes = at_once([partial(flows.answer, person, worker, "niet deze", HERE) for worker in workers])
    assert outcomes.count(Outcome.WRONG) == 2
    assert refused(Event.CALLER_CHECKED).count("wrong") == limits.CALLER_CHECK_WRONG


def test_right_words_beyond_the_cap_open_nothing(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    words = words_in_mail()
    for _ in range(4):
        guess(person, UserFactory(in_support=True), 3)
    assert flows.answer(person, desk, words, HERE) is Outcome.GUESSED
    assert refused(Event.CALLER_CHECKED)[-1] == "guessed"
    assert flows.has_passed(person, desk) is None


def test_mail_says_what_the_words_open_and_that_support_never_calls_for_them(desk: User, person: User) -> None:
    flows.send(person, desk, HERE)
    body = mails()[-1].body
    for part in ("andere telefoon", "als je zelf support hebt gebeld", "belt je nooit om deze woorden te vragen"):
        assert part in body, part


def test_refused_checks_are_recorded(desk: User, person: User) -> None:
    stranger, boss = UserFactory(staff=True), UserFactory(superuser=True)
    assert flows.send(person, stranger, HERE) is Refusal.NOT_ALLOWED
    assert flows.answer(boss, desk, "niet deze", HERE) is Refusal.OUTRANKED
    for _ in range(limits.CALLER_CHECK_MAILS):
        flows.send(person, desk, HERE)
    assert flows.send(person, desk, HERE) is Outcome.TOO_MANY
    assert refused(Event.CALLER_CHECK_SENT) == ["not_allowed", "too_many"]
    assert refused(Event.CALLER_CHECKED) == ["outranked"]


def test_refused_approvals_cancellings_and_carryings_out_are_recorded(desk: User) -> None:
    colleague, second = (UserFactory(in_support=True, with_totp=True) for _ in range(2))
    asked = act(Kind.RESET, colleague, desk).intervention
    assert act(Kind.RESET, colleague, desk).outcome is Refusal.ALREADY_ASKED
    assert approval.approve(asked, desk, HERE) is Refusal.NOT_ONES_OWN
    assert approval.approve(asked, colleague, HERE) is Refusal.ONESELF
    assert approval.cancel(asked, UserFactory(staff=True), HERE) is Refusal.NOT_ALLOWED
    assert interventions.carry_out(asked, desk, HERE).outcome is Refusal.NOT_READY
    assert approval.cancel(asked, desk, HERE) is None
    assert approval.approve(asked, second, HERE) is Refusal.NOT_READY
    assert approval.cancel(asked, second, HERE) is Refusal.NOT_READY
    assert refused(Event.INTERVENTION_APPROVED) == ["not_ones_own", "oneself", "not_ready"]
    assert refused(Event.INTERVENTION_CANCELLED) == ["not_allowed", "not_ready"]
    assert refused(Event.RESET_REFUSED) == ["already_asked", "not_ready"]
    entries = AuditEntry.objects.filter(event=Event.INTERVENTION_APPROVED, succeeded=False)
    assert {(entry.subject, entry.detail["receipt"]) for entry in entries} == {(colleague, asked.receipt)}


def test_code_for_the_owner_is_no_check_of_who_calls_next(person: User, desk: User) -> None:
    flows.send(person, desk, HERE)
    flows.answer(person, desk, words_in_mail(), HERE)
    assert act(Kind.BRIDGE_CODE, person, desk).code
    assert act(Kind.BRIDGE_CODE, person, desk).outcome is Refusal.NOT_CHECKED
