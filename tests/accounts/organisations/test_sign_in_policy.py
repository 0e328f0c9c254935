"""What an organisation demands, and from when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts.organisations import sign_in_policy
from accounts.organisations.models import Organisation, SecondStep
from accounts.organisations.sign_in_policy import Requirement
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def required(from_now: int) -> Organisation:
    day = timezone.localdate() + timedelta(days=from_now)
    return OrganisationFactory(name="Gemeente Voorbeeld", second_step=SecondStep.REQUIRED, required_from=day)


@pytest.mark.parametrize(("from_now", "holds"), [(-400, True), (-1, True), (0, True), (1, False), (400, False)])
def test_demand_holds_from_its_first_day_on(from_now: int, holds: bool) -> None:
    person = UserFactory(organisation=required(from_now))
    assert sign_in_policy.is_required(person) is holds
    assert (sign_in_policy.announced_requirement(person) is None) is holds


@pytest.mark.parametrize(("hour", "holds"), [(22, False), (23, True)])
def test_day_begins_at_midnight_in_the_netherlands(hour: int, holds: bool) -> None:
    # 23:00 UTC is midnight in Amsterdam in winter.
    organisation = OrganisationFactory(second_step=SecondStep.REQUIRED, required_from=date(2027, 3, 3))
    person = UserFactory(organisation=organisation)
    with time_machine.travel(datetime(2027, 3, 2, hour, 0, tzinfo=UTC), tick=False):
        assert sign_in_policy.is_required(person) is holds


@pytest.mark.parametrize("second_step", [SecondStep.OPTIONAL, SecondStep.BUSINESS_ACCOUNT])
def test_what_is_not_demanded_is_not_announced(second_step: SecondStep) -> None:
    person = UserFactory(organisation=OrganisationFactory(second_step=second_step, required_from=timezone.localdate()))
    assert not sign_in_policy.is_required(person)
    assert sign_in_policy.announced_requirement(person) is None


def test_demand_is_of_the_own_organisation_only() -> None:
    required(0)
    assert not sign_in_policy.is_required(UserFactory(organisation=OrganisationFactory()))
    assert not sign_in_policy.is_required(UserFactory())


def test_staff_need_it_whatever_their_organisation_says() -> None:
    assert sign_in_policy.is_required(UserFactory(staff=True))
    assert sign_in_policy.is_required(UserFactory(staff=True, organisation=OrganisationFactory()))
    assert sign_in_policy.announced_requirement(UserFactory(staff=True, organisation=required(5))) is None


def test_demand_without_a_first_day_cannot_be_stored_because_it_would_hold_for_nobody() -> None:
    organisation = OrganisationFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(pk=organisation.pk).update(second_step=SecondStep.REQUIRED)


def test_nobody_can_demand_the_business_account_before_there_is_single_sign_on() -> None:
    assert sign_in_policy.may_require_business_account(OrganisationFactory()) is False


@time_machine.travel(datetime(2026, 11, 23, 12, 0, tzinfo=UTC), tick=False)
def test_first_day_is_written_as_people_say_it() -> None:
    this_year = Requirement("Gemeente", date(2026, 12, 3))
    next_year = Requirement("Gemeente", date(2027, 3, 3))
    assert (this_year.first_day, next_year.first_day) == ("3 december", "3 maart 2027")
    assert (this_year.days_left, Requirement("Gemeente", date(2026, 11, 20)).days_left) == (10, -3)


def test_demand_in_words_follows_the_language_of_the_reader() -> None:
    assert sign_in_policy.in_words(SecondStep.REQUIRED, date(2027, 3, 3)) == "verplicht vanaf 3 maart 2027"
    with translation.override("en"):
        assert sign_in_policy.in_words(SecondStep.REQUIRED, date(2027, 3, 3)) == "required from 3 March 2027"
    assert sign_in_policy.in_words(SecondStep.OPTIONAL, None) == "vrijwillig"
