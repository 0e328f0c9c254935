"""A worker lifts one waiting time after another, for a thief who has the password and guesses the code."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.support.flows import Refusal
from accounts.support.interventions import approval, flows
from accounts.support.interventions.flows import Outcome
from accounts.support.models import Intervention, Kind
from accounts.throttling import flows as throttling
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind as Attempted
from tests.accounts.support.desk_pages import APPROVALS, HERE, WHY, act, page_of
from tests.codes import wrong_code_of
from tests.conftest import mails
from tests.factories import PASSWORD, UserFactory
from tests.pages import SIGN_IN, at_once, browser, half_signed_in, shown, signed_in, type_code

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(hours=24)


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def second() -> User:
    return UserFactory(in_support=True, with_totp=True, email="tweede@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def guess(person: User, times: int = limits.CODE_FREE_FAILURES) -> None:
    owing = half_signed_in(person)
    for _ in range(times):
        type_code(owing, wrong_code_of(person))


def judged(person: User) -> int:
    """How many guesses were held against the secret."""
    return AuditEntry.objects.filter(subject=person, event=Event.CODE_REFUSED, detail__cause="wrong").count()


def counter_of(person: User, kind: Attempted = Attempted.CODE) -> AttemptCounter:
    return AttemptCounter.objects.get(subject=f"user:{person.pk}", kind=kind, bucket=AttemptCounter.UNKNOWN_BROWSERS)


def closed_door(person: User) -> AttemptCounter:
    mine = {"subject": f"user:{person.pk}", "kind": "code", "failures": limits.CODE_STOLEN_AFTER, "closed": True}
    return AttemptCounter.objects.create(**mine, recent=[int(timezone.now().timestamp())] * limits.CODE_STOLEN_AFTER)


def lifts(person: User, worker: User, times: int) -> list[object]:
    return [act(Kind.LIFT_WAIT, person, worker).outcome for _ in range(times)]


def wait_again(person: User) -> None:
    """As after more wrong passwords."""
    AttemptCounter.objects.update_or_create(
        subject=f"user:{person.pk}",
        kind="password",
        bucket="",
        defaults={"waits_until": int(timezone.now().timestamp()) + 1000},
    )


# ASVS 6.3.1
def test_worker_who_lifts_after_every_five_wrong_codes_gets_the_thief_ten_guesses_and_no_more(
    desk: User, person: User
) -> None:
    for _ in range(12):
        guess(person)
        act(Kind.LIFT_WAIT, person, desk)
    assert judged(person) == limits.CODE_STOLEN_AFTER
    assert counter_of(person).closed
    assert AuditEntry.objects.filter(subject=person, event=Event.PASSWORD_TREATED_AS_STOLEN).count() == 1


def test_many_workers_together_get_no_more(person: User) -> None:
    for _ in range(4):
        guess(person)
        for worker in (UserFactory(in_support=True), UserFactory(in_support=True)):
            act(Kind.LIFT_WAIT, person, worker)
    assert judged(person) == limits.CODE_STOLEN_AFTER


def test_reset_gives_no_guesses_back_either(desk: User, person: User) -> None:
    guess(person)
    assert act(Kind.RESET, person, desk).outcome is Outcome.DONE
    assert (counter_of(person).failures, len(counter_of(person).recent)) == (5, 5)
    assert throttling.waits_until(counter_of(person)) is None
    counter = counter_of(person)
    counter.closed = True
    counter.save()
    assert act(Kind.RESET, person, desk).outcome is Outcome.DONE
    assert counter_of(person).closed


def test_closed_door_is_opened_by_a_second_worker_and_by_no_passing_of_time(
    desk: User, second: User, person: User
) -> None:
    closed_door(person)
    assert "Dan keurt een collega het" in shown(signed_in(desk), page_of(person, Kind.LIFT_WAIT))
    asked = act(Kind.LIFT_WAIT, person, desk).intervention
    for wait in (DAY - timedelta(minutes=1), DAY + timedelta(minutes=1), 2 * DAY - timedelta(minutes=1)):
        with time_machine.travel(timezone.now() + wait):
            assert flows.carry_out(asked, desk, HERE).outcome is Refusal.NOT_READY
    assert counter_of(person).closed
    assert approval.approve(asked, second, HERE) is None
    assert "Zonder goedkeuring" not in shown(signed_in(desk), APPROVALS)
    assert flows.carry_out(asked, desk, HERE).outcome is Outcome.DONE
    assert (counter_of(person).closed, len(counter_of(person).recent)) == (False, limits.CODE_STOLEN_AFTER)


def test_what_was_asked_about_a_closed_door_is_over_after_a_day(desk: User, second: User, person: User) -> None:
    closed_door(person)
    asked = act(Kind.LIFT_WAIT, person, desk).intervention
    with time_machine.travel(timezone.now() + DAY + timedelta(minutes=1)):
        assert not approval.open_for(desk).exists()
        assert approval.approve(asked, second, HERE) is Refusal.NOT_READY
        assert act(Kind.LIFT_WAIT, person, desk).outcome is Outcome.ASKED


def test_owner_opens_the_closed_door_with_a_new_password_by_mail(person: User) -> None:
    closed_door(person)
    assert passwords.set_from_link(links.make(person, Purpose.RESET), "zeven lange gele banden", HERE)
    assert (counter_of(person).closed, len(counter_of(person).recent)) == (False, limits.CODE_STOLEN_AFTER)


def test_door_that_closes_while_it_is_lifted_stays_closed(
    desk: User, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess(person)
    counter = counter_of(person)
    hold = throttling.lock_counters

    def meanwhile(user: User) -> None:
        AttemptCounter.objects.filter(pk=counter.pk).update(closed=True)
        hold(user)

    monkeypatch.setattr(throttling, "lock_counters", meanwhile)
    act(Kind.LIFT_WAIT, person, desk)
    assert counter_of(person).closed


@pytest.mark.parametrize("closed", [False, True])
def test_full_month_is_lifted_by_nobody_and_the_page_says_what_helps(desk: User, person: User, closed: bool) -> None:
    full = [int(timezone.now().timestamp())] * limits.CODE_CAP
    until = full[0] + int(limits.CODE_CAP_PERIOD.total_seconds())
    AttemptCounter.objects.create(
        subject=f"user:{person.pk}", kind="code", recent=full, failures=2, waits_until=until, closed=closed
    )
    assert act(Kind.LIFT_WAIT, person, desk).outcome is Refusal.MONTH_IS_FULL
    assert "herstelcode" in shown(signed_in(desk), page_of(person, Kind.LIFT_WAIT))
    assert len(counter_of(person).recent) == limits.CODE_CAP


def test_month_that_is_full_beside_another_wait_lifts_the_other_only(desk: User, person: User) -> None:
    full = [int(timezone.now().timestamp())] * limits.CODE_CAP
    until = full[0] + int(limits.CODE_CAP_PERIOD.total_seconds())
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind="code", recent=full, waits_until=until)
    wait_again(person)
    assert act(Kind.LIFT_WAIT, person, desk).outcome is Outcome.DONE
    assert throttling.waits_until(counter_of(person, Attempted.PASSWORD)) is None
    assert counter_of(person).waits_until == until


def test_lifting_gives_five_more_wrong_passwords_and_then_waits_again(desk: User, person: User) -> None:
    def wrong_passwords(number: int) -> None:
        for _ in range(number):
            browser().post(SIGN_IN, {"username": person.email, "password": "fout"})

    wrong_passwords(5)
    assert throttling.waits_until(counter_of(person, Attempted.PASSWORD))
    act(Kind.LIFT_WAIT, person, desk)
    wrong_passwords(4)
    assert throttling.waits_until(counter_of(person, Attempted.PASSWORD)) is None
    wrong_passwords(1)
    assert throttling.waits_until(counter_of(person, Attempted.PASSWORD))
    assert counter_of(person, Attempted.PASSWORD).failures == 10


def test_lifting_gives_a_known_browser_five_more_and_keeps_its_row_of_ten(desk: User, person: User) -> None:
    client = signed_in(person)
    client.post("/uitloggen/")
    for _ in range(2):
        client.post(SIGN_IN, {"username": person.email, "password": PASSWORD})
        for _ in range(limits.KNOWN_BROWSER_FAILURES):
            type_code(client, wrong_code_of(person))
        outcome = act(Kind.LIFT_WAIT, person, desk).outcome
    own = AttemptCounter.objects.exclude(bucket="").get(kind="code")
    assert (own.failures, own.closed) == (limits.KNOWN_BROWSER_CLOSED_AFTER, True)
    assert outcome is Outcome.ASKED


def test_person_is_helped_so_a_few_times_a_day_by_all_workers_together(desk: User, second: User, person: User) -> None:
    outcomes = []
    for worker in [desk, second] * limits.LIFTED_WAITS:
        wait_again(person)
        outcomes += lifts(person, worker, 1)
    assert outcomes == [Outcome.DONE] * limits.LIFTED_WAITS + [Refusal.LIFTED_OFTEN] * limits.LIFTED_WAITS
    refused = AuditEntry.objects.filter(event=Event.WAIT_LIFTED, succeeded=False, detail__cause="lifted_often")
    assert refused.count() == limits.LIFTED_WAITS
    assert "nieuw wachtwoord" in shown(signed_in(desk), page_of(person, Kind.LIFT_WAIT))
    with time_machine.travel(timezone.now() + limits.LIFTED_WAITS_PERIOD + timedelta(minutes=1)):
        wait_again(person)
        assert lifts(person, desk, 1) == [Outcome.DONE]


@pytest.fixture
def crowd() -> list[User]:
    people = [UserFactory() for _ in range(limits.WORKER_LIFTS + 3)]
    for person in people:
        wait_again(person)
    return people


def test_worker_who_lifts_for_many_is_stopped_and_the_alarm_sounds_once(desk: User, crowd: list[User]) -> None:
    boss = UserFactory(superuser=True, email="baas@voorbeeld.nl")
    outcomes = [act(Kind.LIFT_WAIT, person, desk).outcome for person in crowd]
    assert outcomes == [Outcome.DONE] * limits.WORKER_LIFTS + [Refusal.STOPPED] * 3
    (alarm,) = [mail for mail in mails() if mail.to == [boss.email]]
    assert alarm.subject == "Support: een medewerker deed te veel in korte tijd"
    assert f"{limits.WORKER_LIFTS} keer" in alarm.body
    assert "een wachttijd opheffen" in alarm.body
    assert act(Kind.RESET, UserFactory(with_totp=True), desk).outcome is Outcome.DONE, "counted by itself"


def test_limits_of_lifting_are_exact_when_all_come_at_once(desk: User, second: User, crowd: list[User]) -> None:
    results = at_once([partial(act, Kind.LIFT_WAIT, person, desk) for person in crowd])
    assert [result.outcome for result in results].count(Outcome.DONE) == limits.WORKER_LIFTS
    person = UserFactory()
    wait_again(person)
    at_once([partial(act, Kind.LIFT_WAIT, person, worker) for worker in (second, desk, second, desk)])
    assert Intervention.objects.filter(subject=person, state="done").count() == 1


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.BRIDGE_CODE])
def test_where_the_password_is_refused_for_good_a_new_one_comes_first(desk: User, person: User, kind: Kind) -> None:
    AttemptCounter.objects.create(subject=f"user:{person.pk}", kind="password", failures=100, closed=True)
    assert act(kind, person, desk).outcome is Refusal.PASSWORD_CLOSED
    assert "Wachtwoord vergeten?" in shown(signed_in(desk), page_of(person, kind), {"reason": WHY})
