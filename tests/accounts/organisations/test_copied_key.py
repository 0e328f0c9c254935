"""The organisation that is copied to each person, for counting large organisations: no count relies on a copy that may
disagree with the memberships. What triggers keep exact: `tests/postgresql/test_copies.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import accounts
from accounts.audit.origin import CONSOLE
from accounts.mfa_policy import statistics
from accounts.mfa_policy.progress import flows as progress
from accounts.models import User
from accounts.organisations import copies, memberships
from accounts.organisations.models import Membership, Organisation
from environments.people import flows
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def key_of(person: User) -> int | None:
    return User.objects.get(pk=person.pk).organisation_key


def counted_by_membership(organisation: Organisation) -> bool:
    with CaptureQueriesContext(connection) as captured:
        statistics.coverage(organisation)
    return "organisations_membership" in captured[-1]["sql"].partition("GROUP BY")[0]


def test_joining_moving_and_leaving_copy_the_organisation() -> None:
    one, other, boss = OrganisationFactory(), OrganisationFactory(), UserFactory(superuser=True)
    person = UserFactory(organisation=one)
    assert key_of(person) == one.pk
    flows.move(person, other, actor=boss, origin=CONSOLE)
    assert key_of(person) == other.pk
    flows.move(User.objects.get(pk=person.pk), None, actor=boss, origin=CONSOLE)
    assert key_of(person) is None


def test_large_organisation_is_counted_without_its_memberships() -> None:
    organisation = OrganisationFactory()
    UserFactory.create_batch(3, organisation=organisation)
    assert counted_by_membership(organisation) is not copies.are_exact()
    assert statistics.coverage(organisation).people == 3


@pytest.mark.parametrize("fault", ["missing", "left behind", "exchanged"])
def test_count_is_right_whoever_writes_memberships(fault: str) -> None:
    """An earlier version that runs beside this one writes no copies."""
    organisation, other = OrganisationFactory(), OrganisationFactory()
    people = UserFactory.create_batch(3, organisation=organisation)
    strangers = UserFactory.create_batch(2, organisation=other, with_totp=True)
    if fault in ("missing", "exchanged"):
        Membership.objects.filter(user=strangers[0]).update(organisation=organisation)
    if fault in ("left behind", "exchanged"):
        Membership.objects.filter(user=people[0]).delete()
    expected = {"missing": (4, 1), "left behind": (2, 0), "exchanged": (3, 1)}[fault]
    found = statistics.coverage(organisation)
    assert (found.people, found.protected) == expected
    listed = sum(statistics.people_in(organisation, group).count() for group in statistics.Group)
    assert listed == expected[0]


def test_daily_job_restores_the_copy() -> None:
    organisation, other = OrganisationFactory(), OrganisationFactory()
    stays, moved, gone = UserFactory.create_batch(3, organisation=organisation)
    new = UserFactory()
    Membership.objects.create(user=new, organisation=organisation)
    Membership.objects.filter(user=moved).update(organisation=other)
    Membership.objects.filter(user=gone).delete()
    progress.take_snapshots()
    keys = [key_of(person) for person in (stays, moved, gone, new)]
    assert keys == [organisation.pk, other.pk, None, organisation.pk]
    assert memberships.restore_keys() == 0


def test_no_decision_about_a_person_reads_whether_they_are_protected() -> None:
    """That copy is for lists and counts: a sign-in, a set-up or a permission asks for the devices themselves."""
    written = re.compile(r"\bis_protected\b")
    root = Path(accounts.__file__).parent.parent
    found = {
        str(path.relative_to(root))
        for package in ("accounts", "environments", "assetmaps")
        for path in (root / package).rglob("*.py")
        if "migrations" not in path.parts and written.search(path.read_text())
    }
    assert found == {
        *("accounts/models.py", "accounts/organisations/copies.py", "accounts/two_factor/devices.py"),
        "accounts/mfa_policy/statistics.py",
    }
