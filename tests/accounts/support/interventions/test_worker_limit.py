"""A worker who opens one account after another is stopped, and somebody hears of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.support.flows import Refusal
from accounts.support.interventions.flows import Outcome
from accounts.support.models import Kind
from tests.accounts.support.desk_pages import act, page_of
from tests.conftest import mails
from tests.factories import UserFactory
from tests.pages import at_once, shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


def reset_many(worker: User, number: int) -> list[object]:
    return [act(Kind.RESET, UserFactory(with_totp=True), worker).outcome for _ in range(number)]


@override_settings(ALARM_EMAIL="alarm@voorbeeld.nl")
def test_eleventh_reset_in_an_hour_is_refused_and_the_alarm_sounds_once(desk: User) -> None:
    boss = UserFactory(superuser=True, email="baas@voorbeeld.nl")
    UserFactory(superuser=True, is_active=False)
    outcomes = reset_many(desk, limits.WORKER_RESETS + 3)
    assert outcomes == [Outcome.DONE] * limits.WORKER_RESETS + [Refusal.STOPPED] * 3
    entry = AuditEntry.objects.get(event="worker_stopped")
    assert (entry.subject, entry.actor) == (desk, desk)
    alarms = [message for message in mails() if message.subject == "Support: een medewerker deed te veel in korte tijd"]
    assert sorted(message.to[0] for message in alarms) == ["alarm@voorbeeld.nl", boss.email]
    assert all(desk.email in message.body for message in alarms)


def test_stop_ends_when_the_hour_is_over_and_can_sound_again(desk: User) -> None:
    reset_many(desk, limits.WORKER_RESETS + 1)
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        assert reset_many(desk, limits.WORKER_RESETS + 1)[0] is Outcome.DONE
    assert AuditEntry.objects.filter(event="worker_stopped").count() == 2


def test_other_help_goes_on_and_other_workers_too(desk: User) -> None:
    reset_many(desk, limits.WORKER_RESETS)
    assert act(Kind.END_SESSIONS, UserFactory(with_totp=True), desk).outcome is Outcome.DONE
    assert reset_many(UserFactory(in_support=True), 1) == [Outcome.DONE]
    assert "Je kunt nu even niet verder" in shown(signed_in(desk), page_of(UserFactory(with_totp=True), Kind.RESET))


def test_limit_is_exact_when_a_worker_resets_many_at_once(desk: User) -> None:
    people = [UserFactory(with_totp=True) for _ in range(limits.WORKER_RESETS + 6)]
    results = at_once([partial(act, Kind.RESET, person, desk) for person in people])
    assert [result.outcome for result in results].count(Outcome.DONE) == limits.WORKER_RESETS
    assert AuditEntry.objects.filter(event="worker_stopped").count() == 1


def test_command_line_is_not_counted() -> None:
    assert set(reset_many(None, limits.WORKER_RESETS + 2)) == {Outcome.DONE}
