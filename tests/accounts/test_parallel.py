"""What must stay exact when requests come at the same moment; on every database."""

from __future__ import annotations

import re
from functools import partial

import pytest
from django.contrib.auth.hashers import check_password
from django.db import transaction

from accounts import flows as hall
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.throttling import flows as throttling
from accounts.throttling.models import AttemptCounter, Kind
from accounts.two_factor.challenge import flows as challenge
from accounts.two_factor.models import Authenticator
from accounts.two_factor.totp import flows as totp
from accounts.two_factor.verification import Outcome
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import mails
from tests.factories import AuthenticatorFactory, UserFactory
from tests.pages import CODE, at_once, half_signed_in, is_signed_in

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Origin("127.0.0.1", "Testbrowser")
CROWD = 20


def test_one_right_code_lets_exactly_one_of_twenty_in() -> None:  # ASVS 6.5.1
    person = UserFactory(with_totp=True)
    browsers = [half_signed_in(person) for _ in range(CROWD)]
    code = code_of(person)
    answers = at_once([partial(client.post, CODE, {"code": code}) for client in browsers])
    assert sorted(answer.url for answer in answers) == ["/"] + [CODE] * (CROWD - 1)
    assert [is_signed_in(client) for client in browsers].count(True) == 1
    assert AuditEntry.objects.filter(event="signed_in").count() == 1
    assert AuditEntry.objects.filter(event="code_refused").count() == CROWD - 1


def test_wrong_codes_are_counted_exactly() -> None:  # ASVS 6.3.1
    person = UserFactory(with_totp=True)
    wrong = wrong_code_of(person)
    answers = at_once([partial(challenge.answer, person, wrong, HERE) for _ in range(CROWD)])
    outcomes = [answer.outcome for answer in answers]
    assert outcomes.count(Outcome.WRONG) == 5
    assert outcomes.count(Outcome.WAITING) == CROWD - 5
    assert AttemptCounter.objects.get(kind="code").failures == 5
    assert AuditEntry.objects.filter(event="code_refused").count() == CROWD


def test_wrong_passwords_are_counted_exactly() -> None:
    person = UserFactory()
    answers = at_once([partial(hall.check_password, person.email, "iets heel anders", HERE) for _ in range(10)])
    assert answers == [None] * 10
    assert AttemptCounter.objects.get(kind="password").failures == 5
    assert AuditEntry.objects.filter(event="password_refused").count() == 10


def test_no_failure_is_lost_from_the_counter() -> None:
    def fail() -> None:
        with transaction.atomic():
            throttling.count_failure(throttling.lock("user:1", Kind.CODE))

    at_once([fail] * CROWD)
    assert AttemptCounter.objects.get().failures == CROWD


def test_beginning_at_once_makes_one_pending_device() -> None:
    person = UserFactory()
    begun = at_once([partial(totp.begin, person)] * CROWD)
    assert Authenticator.objects.count() == 1
    assert {device.pk for device in begun} == {Authenticator.objects.get().pk}
    assert len({device.secret() for device in begun}) == 1


def test_confirming_at_once_activates_once() -> None:
    person = UserFactory()
    device = AuthenticatorFactory(user=person, confirmed=False)
    code = phone(device).now()
    answers = at_once([partial(totp.activate, person, code, HERE)] * 10)
    assert [answer.outcome for answer in answers if answer] == [Outcome.ACCEPTED]
    assert AuditEntry.objects.filter(event="second_step_activated").count() == 1
    assert Authenticator.objects.get().confirmed


def test_one_code_either_signs_in_or_switches_off() -> None:
    person = UserFactory(with_totp=True)
    code = code_of(person)
    signing_in = [partial(challenge.answer, person, code, HERE)] * 5
    switching_off = [partial(totp.switch_off, person, code, HERE)] * 5
    outcomes = [answer.outcome for answer in at_once(signing_in + switching_off)]
    assert outcomes.count(Outcome.ACCEPTED) == 1


def test_password_link_works_for_one_of_many() -> None:
    person = UserFactory()
    token = links.make(person, Purpose.RESET)
    chosen = [f"een nieuwe lange zin {n}" for n in range(8)]
    answers = at_once([partial(passwords.set_from_link, token, password, HERE) for password in chosen])
    winners = [password for password, answer in zip(chosen, answers, strict=True) if answer]
    assert len(winners) == 1
    assert check_password(winners[0], User.objects.get().password)
    assert AuditEntry.objects.filter(event="password_changed").count() == 1


def test_of_links_asked_for_at_once_one_works() -> None:
    person = UserFactory()
    at_once([partial(passwords.send_reset_link, person.email, HERE)] * 8)
    tokens = [re.search(r"/wachtwoord-instellen/([^/\s]+)/", message.body)[1] for message in mails()]
    assert len(tokens) == 8
    assert [links.holder(token) for token in tokens].count(person) == 1
