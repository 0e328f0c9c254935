"""What waits, on the first page of the desk: the oldest first, with its age, and gone once somebody is helped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.desk import waiting, waiting_counts
from accounts.support.models import HelpRequest, Intervention, Kind, Report, State
from tests.accounts.support.desk_pages import DESK, HERE, act, page_of
from tests.accounts.support.interventions.test_who_may import bound_worker
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> User:
    return UserFactory(in_support=True, with_totp=True)


@pytest.fixture
def desk(worker: User) -> Client:
    return signed_in(worker)


def asked(person: User, ago: timedelta) -> HelpRequest:
    request = HelpRequest.objects.create(user=person)
    HelpRequest.objects.filter(pk=request.pk).update(asked_at=timezone.now() - ago)
    return request


def reported(person: User, ago: timedelta) -> Report:
    report = Report.objects.create(user=person, entry=record(Event.SIGNED_IN, subject=person, origin=HERE))
    Report.objects.filter(pk=report.pk).update(reported_at=timezone.now() - ago)
    return report


def whom(worker: User) -> list[User]:
    return [one.person for one in waiting.of(worker)]


def test_requests_approvals_and_reports_stand_there_with_their_age_the_oldest_first(desk: Client) -> None:
    lost, colleague, robbed = UserFactory(first_name="Kees"), UserFactory(in_support=True), UserFactory()
    request = asked(lost, timedelta(hours=3))
    report = reported(robbed, timedelta(days=2))
    approval = act(Kind.RESET, colleague, UserFactory(in_support=True)).intervention
    page = shown(desk, DESK).partition("Openstaand")[2]
    rows = [
        "2\xa0dagen geleden",
        f"#report-{report.pk}",
        request.reference,
        "3\xa0uur geleden",
        f"#asked-{approval.pk}",
    ]
    places = [page.index(fact) for fact in (rows[1], rows[0], page_of(lost), rows[2], rows[3], rows[4], "zojuist")]
    assert places == sorted(places)
    assert "Oud apparaat loskoppelen: wacht op goedkeuring" in page


def test_nothing_waits_is_said(desk: Client) -> None:
    assert "Niets openstaand." in shown(desk, DESK)


def test_who_was_helped_or_cancelled_waits_no_more(worker: User) -> None:
    helped, cancelled, expired = UserFactory.create_batch(3)
    for person in (helped, cancelled):
        asked(person, timedelta(hours=1))
    asked(expired, limits.LOST_PHONE_REQUEST + timedelta(minutes=1))
    assert whom(worker) == [helped, cancelled]
    done = {"kind": Kind.BRIDGE_CODE, "state": State.DONE, "done_at": timezone.now()}
    Intervention.objects.create(subject=helped, worker=worker, reason="x", **done)
    HelpRequest.objects.filter(user=cancelled).update(cancelled_at=timezone.now())
    assert whom(worker) == []


def test_sign_in_after_the_request_may_be_the_thiefs_so_the_request_waits_on_and_says_so(
    worker: User, desk: Client
) -> None:
    hour, now = timedelta(hours=1), timezone.now()
    robbed, earlier = UserFactory(last_login=now), UserFactory(last_login=now - 2 * hour)
    for person in (robbed, earlier):
        asked(person, hour)
    assert [(one.person, one.what) for one in waiting.of(worker)] == [
        (robbed, "Apparaat kwijt; daarna is er ingelogd"),
        (earlier, "Apparaat kwijt"),
    ]
    assert "Apparaat kwijt; daarna is er ingelogd" in shown(desk, DESK)
    assert waiting_counts.of(worker).requests.number == 2


def test_who_asks_again_after_help_waits_again(worker: User) -> None:
    person = UserFactory(last_login=timezone.now() - timedelta(hours=2))
    done = {"kind": Kind.RESET, "state": State.DONE, "done_at": timezone.now() - timedelta(hours=2)}
    Intervention.objects.create(subject=person, worker=worker, reason="x", **done)
    asked(person, timedelta(hours=1))
    assert whom(worker) == [person]


# ASVS 8.4.1
def test_worker_of_one_organisation_sees_what_waits_there_only() -> None:
    mine = OrganisationFactory()
    own, other = UserFactory(organisation=mine), UserFactory(organisation=OrganisationFactory())
    for person in (own, other):
        asked(person, timedelta(hours=1))
        reported(person, timedelta(hours=2))
    assert whom(bound_worker(mine)) == [own, own]


def test_long_queue_is_cut_and_says_so(desk: Client) -> None:
    for number in range(limits.WAITING_SHOWN + 1):
        asked(UserFactory(), timedelta(minutes=5 + number))
    page = shown(desk, DESK)
    assert page.count("Apparaat kwijt</span>") == limits.WAITING_SHOWN
    assert "Er wacht nog meer." in page
