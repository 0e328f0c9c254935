"""A worker who doubts the caller afterwards takes the code back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.support.flows import Refusal
from accounts.support.interventions.withdrawal import withdraw_code
from accounts.support.models import CallerCheck, Kind
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.account_recovery.flows import Outcome
from tests.accounts.support.desk_pages import HERE, act, check_caller, page_of
from tests.accounts.support.interventions.test_who_may import bound_worker
from tests.conftest import mails
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once, shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def give(person: User, desk: User) -> str:
    check_caller(person, desk)
    return act(Kind.BRIDGE_CODE, person, desk).code


def entry() -> AuditEntry:
    return AuditEntry.objects.get(event="bridge_code_withdrawn")


def test_code_and_caller_check_stop_and_the_person_knows(person: User, desk: User) -> None:
    code, client = give(person, desk), signed_in(desk)
    check_caller(person, desk)  # for another code, which the same caller must not get now
    assert "De code werkt niet meer" in shown(client, f"{page_of(person, Kind.BRIDGE_CODE)}intrekken/", {})
    assert account_recovery.use_bridge_code(person, code, HERE) is Outcome.WRONG
    assert not CallerCheck.objects.exists()
    assert (entry().subject, entry().actor, entry().succeeded) == (person, desk, True)
    assert mails()[-1].to == [person.email]
    assert "trok support de code" in mails()[-1].body


def test_page_offers_it_only_while_there_is_a_code(person: User, desk: User) -> None:
    client, button = signed_in(desk), "Trek de code in"
    assert button not in shown(client, page_of(person))
    give(person, desk)
    assert button in shown(client, page_of(person))
    assert withdraw_code(person, desk, HERE) is None
    assert button not in shown(client, page_of(person))


def test_used_code_cannot_be_withdrawn_and_the_worker_hears_what_to_do(person: User, desk: User) -> None:
    code, client = give(person, desk), signed_in(desk)
    assert account_recovery.use_bridge_code(person, code, HERE) is Outcome.ACCEPTED
    sent = len(mails())
    assert "Log deze persoon dan overal uit" in shown(client, f"{page_of(person, Kind.BRIDGE_CODE)}intrekken/", {})
    assert (entry().succeeded, entry().detail["cause"], len(mails())) == (False, "no_code", sent)


def test_code_that_is_over_counts_as_none(person: User, desk: User) -> None:
    give(person, desk)
    with time_machine.travel(timezone.now() + limits.BRIDGE_CODE + timedelta(seconds=1), tick=False):
        assert withdraw_code(person, desk, HERE) is Refusal.NO_CODE


def test_worker_bound_to_another_organisation_withdraws_nothing(person: User, desk: User) -> None:
    code = give(person, desk)
    stranger = bound_worker(OrganisationFactory())
    assert withdraw_code(person, stranger, HERE) is Refusal.OUT_OF_SCOPE
    assert account_recovery.use_bridge_code(person, code, HERE) is Outcome.ACCEPTED


def test_code_is_either_used_or_withdrawn_also_at_the_same_moment(person: User, desk: User) -> None:
    code = give(person, desk)
    use = partial(account_recovery.use_bridge_code, person, code, HERE)
    found = at_once([use, partial(withdraw_code, person, desk, HERE)])
    assert found in ([Outcome.ACCEPTED, Refusal.NO_CODE], [Outcome.WRONG, None])
