"""Codes that were typed too early are known to whoever looked on; every one of them stays void, not only the last."""

from __future__ import annotations

import time
from functools import partial

import pytest
import time_machine
from django.db import connection, transaction

from accounts.audit.origin import Origin
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import devices, verification
from accounts.two_factor.models import Authenticator
from accounts.two_factor.verification import Outcome
from tests.codes import code_of
from tests.factories import UserFactory
from tests.pages import at_once

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Origin("127.0.0.1", "Testbrowser")
NOON = int(time.time()) // 30 * 30 + 5  # within a step, so that nothing here crosses its border
EARLY = (90, 150, 210, 300)


def judged(person: object, code: str) -> Outcome:
    with transaction.atomic():
        return verification.check(person, devices.authenticator_of(person), code, HERE, UNKNOWN_BROWSER).outcome


def test_every_early_code_stays_void() -> None:  # ASVS 6.5.1
    person = UserFactory(with_totp=True)
    with time_machine.travel(NOON, tick=False):
        codes = {ahead: code_of(person, ahead) for ahead in EARLY}
        assert [judged(person, code) for code in codes.values()] == [Outcome.CLOCK_OFF] * len(EARLY)
    for ahead, code in codes.items():
        with time_machine.travel(NOON + ahead, tick=False):
            AttemptCounter.objects.all().delete()  # the wait of five wrong codes is not what this is about
            assert judged(person, code) is Outcome.USED
    with time_machine.travel(NOON + EARLY[-1] + 60, tick=False):
        assert Authenticator.objects.get().void_steps  # nobody typed one since, so nothing was tidied up


def test_early_codes_typed_at_once_are_all_void() -> None:
    person = UserFactory(with_totp=True)
    with time_machine.travel(NOON, tick=False):
        device = devices.authenticator_of(person)
        codes = [code_of(person, ahead) for ahead in EARLY]

        def judge(code: str) -> None:
            with transaction.atomic():
                verification.judge(device, code)

        at_once([partial(judge, code) for code in codes])
    step = NOON // 30
    assert sorted(Authenticator.objects.get().void_steps) == [step + ahead // 30 for ahead in EARLY]
    connection.close()


def test_steps_gone_by_are_tidied_up_and_an_owner_with_a_right_clock_gets_in() -> None:
    person = UserFactory(with_totp=True)
    with time_machine.travel(NOON, tick=False):
        judged(person, code_of(person, 90))
    with time_machine.travel(NOON + 600, tick=False):
        judged(person, code_of(person, 90))
        assert Authenticator.objects.get().void_steps == [(NOON + 690) // 30]
        assert judged(person, code_of(person)) is Outcome.ACCEPTED
