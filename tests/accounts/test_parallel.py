"""What must stay exact when requests come at the same moment; on every database."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from threading import Event

import pytest
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import QuerySet

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import flows as passwords
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.sign_in.password import flows as password_sign_in
from accounts.support import help_requests
from accounts.support.interventions import actions
from accounts.support.interventions import flows as interventions
from accounts.support.interventions.flows import InterventionRequest
from accounts.support.models import HelpRequest
from accounts.support.models import Kind as InterventionKind
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from accounts.throttling.models import AttemptCounter
from accounts.throttling.rules import Kind
from accounts.two_factor import devices
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.challenge import flows as challenge
from accounts.two_factor.models import Authenticator, RecoveryCode
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.totp import flows as totp
from accounts.two_factor.verification import Outcome
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import mails
from tests.factories import AuthenticatorFactory, UserFactory
from tests.pages import CODE, at_once, half_signed_in, is_signed_in, then_pause

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
    answers = at_once([partial(challenge.verify, person, None, wrong, HERE, UNKNOWN_BROWSER) for _ in range(CROWD)])
    outcomes = [answer.outcome for answer in answers]
    assert outcomes.count(Outcome.WRONG) == 5
    assert outcomes.count(Outcome.WAITING) == CROWD - 5
    assert AttemptCounter.objects.get(kind="code").failures == 5
    assert AuditEntry.objects.filter(event="code_refused").count() == CROWD


def test_wrong_passwords_are_counted_exactly() -> None:
    person = UserFactory()
    answers = at_once(
        [partial(password_sign_in.check_password, person.email, "iets heel anders", HERE, UNKNOWN_BROWSER)] * 10
    )
    assert [answer.user for answer in answers] == [None] * 10
    assert AttemptCounter.objects.get(kind="password").failures == 5
    causes = AuditEntry.objects.filter(event="password_refused").values_list("detail__cause", flat=True)
    assert sorted(causes) == ["waiting"] * 5 + ["wrong"] * 5


def test_no_failure_is_lost_from_the_counter() -> None:
    person = UserFactory()

    def fail() -> None:
        with transaction.atomic():
            throttling.count_failure(throttling.counter_for(person, Kind.RECOVERY_CODE, UNKNOWN_BROWSER))

    at_once([fail] * CROWD)
    counter = AttemptCounter.objects.get()
    assert (counter.failures, len(counter.recent)) == (CROWD, CROWD)


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
    activations = at_once([partial(totp.activate, person, code, "Telefoon", HERE)] * 10)
    assert [done.answer.outcome for done in activations if done] == [Outcome.ACCEPTED]
    assert AuditEntry.objects.filter(event="second_step_activated").count() == 1
    assert Authenticator.objects.get().confirmed


def test_one_code_either_signs_in_or_switches_off() -> None:
    person = UserFactory(with_totp=True)
    code = code_of(person)
    signing_in = [partial(challenge.verify, person, None, code, HERE, UNKNOWN_BROWSER)] * 5
    switching_off = [
        partial(authenticators.switch_off, person, devices.authenticator_of(person), code, HERE, UNKNOWN_BROWSER)
    ] * 5
    outcomes = [answer.outcome for answer in at_once(signing_in + switching_off)]
    assert outcomes.count(Outcome.ACCEPTED) == 1
    assert set(outcomes) <= {Outcome.ACCEPTED, Outcome.USED, Outcome.WRONG, Outcome.REMOVED, Outcome.WAITING}
    events = AuditEntry.objects.filter(event="second_step_switched_off").count()
    assert events == (0 if devices.has_confirmed_device(person) else 1)


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
    assert len(tokens) == limits.RESET_MAILS
    # The rest is one entry, with how many when the hour is over.
    assert AuditEntry.objects.filter(event="password_link_sent", detail__cause="too many").count() == 1
    assert [links.holder(token) for token in tokens].count(person) == 1


def slowly(work: Callable, seconds: float) -> Callable:
    """The same work, a moment later: so that two requests meet in the middle, which by chance they seldom do."""

    def later(*args: object, **kwargs: object) -> object:
        time.sleep(seconds)
        return work(*args, **kwargs)

    return later


def test_of_two_apps_removed_at_once_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory(with_totp=True)
    mine = [devices.authenticator_of(person), AuthenticatorFactory(user=person, name="Tweede")]
    monkeypatch.setattr(authenticators.devices, "authenticators_of", then_pause(devices.authenticators_of))
    removed = at_once([partial(authenticators.remove, person, device, HERE) for device in mine])
    assert sorted(removed) == [False, True]
    assert Authenticator.objects.filter(user=person).count() == 1


def test_help_asked_for_at_once_is_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory(with_totp=True)
    monkeypatch.setattr(help_requests, "open_request", then_pause(help_requests.open_request))
    asked = at_once([partial(help_requests.ask, person, HERE)] * 2)
    assert len({request.pk for request in asked}) == HelpRequest.objects.count() == 1
    assert AuditEntry.objects.filter(event="help_asked").count() == 1


def test_recovery_codes_made_at_once_are_one_set_that_works() -> None:
    person = UserFactory(with_totp=True)
    sets = at_once([partial(recovery_codes.make, person, HERE)] * 2)
    assert RecoveryCode.objects.count() == limits.RECOVERY_CODES
    assert sorted(recovery_codes.is_unused(person, codes[0]) for codes in sets) == [False, True]


def test_support_and_the_person_never_wait_for_each_other_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    person, boss = UserFactory(with_totp=True), UserFactory(superuser=True)
    challenge.verify(person, None, wrong_code_of(person), HERE, UNKNOWN_BROWSER)
    code = code_of(person)
    monkeypatch.setattr(actions.sessions, "end_all", slowly(sessions.end_all, 0.3))
    reset = partial(interventions.act, InterventionRequest(InterventionKind.RESET, person, boss, "telefoon weg"), HERE)
    typing = slowly(partial(challenge.verify, person, None, code, HERE, UNKNOWN_BROWSER), 0.15)
    outcome, answer = at_once([reset, typing])
    assert outcome.outcome is interventions.Outcome.DONE
    assert answer.outcome in (Outcome.WRONG, Outcome.USED, Outcome.REMOVED)
    assert not devices.has_confirmed_device(person)


def test_an_old_recovery_code_and_new_ones_never_wait_for_each_other_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory(with_totp=True)
    old = recovery_codes.make(person, HERE)
    update, used = QuerySet.update, Event()

    def update_with_a_pause(queryset: QuerySet, **values: object) -> int:
        count = update(queryset, **values)
        if queryset.model is RecoveryCode:
            used.set()
            time.sleep(0.8)  # long enough for the new set to come in between
        return count

    def make_meanwhile() -> list[str]:
        used.wait(10)
        return recovery_codes.make(person, HERE)

    monkeypatch.setattr(QuerySet, "update", update_with_a_pause)
    use = partial(recovery_codes.use, person, old[0], HERE, UNKNOWN_BROWSER)
    answer, new = at_once([use, make_meanwhile])
    assert answer.outcome is Outcome.ACCEPTED
    assert len(new) == devices.recovery_codes_left(person) == limits.RECOVERY_CODES
