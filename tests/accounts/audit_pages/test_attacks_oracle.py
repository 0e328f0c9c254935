"""The search of the security activity reveals nothing to an administrator of one organisation about who exists
elsewhere, not even by what it leaves out."""

from __future__ import annotations

import pytest

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations.models import Membership, Organisation
from tests.accounts.audit_pages.staff import EXPORT, administrator_of, people_on, superuser
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
VICTIM = "slachtoffer@b.nl"
OWN = "slachtoffer@b.nl.eigen.example"  # of the own organisation, and begins like the address of the victim


@pytest.fixture
def ours() -> Organisation:
    return OrganisationFactory(name="Utrecht", slug="utrecht")


@pytest.fixture
def own(ours: Organisation) -> User:
    person = UserFactory(email=OWN, first_name=VICTIM, organisation=ours)
    record(Event.WAIT_LIFTED, subject=person, origin=HERE)
    return person


# ASVS 8.4.1
@pytest.mark.parametrize("field", ["person", "worker"])
def test_own_person_whose_address_begins_so_is_found_whether_or_not_the_address_is_somebodys(
    ours: Organisation, own: User, field: str
) -> None:
    client = administrator_of(ours)
    query = f"{field}={VICTIM}&event=wait_lifted"
    nobody = people_on(client, query)
    theirs = UserFactory(email=VICTIM, organisation=OrganisationFactory())
    assert people_on(client, query) == nobody == [OWN]
    former = UserFactory(email="nieuw@b.nl", organisation=OrganisationFactory())
    theirs.delete()
    record(Event.ADDRESS_CHANGED, subject=former, origin=HERE, detail={"before": VICTIM})
    assert people_on(client, query) == [OWN]


def test_address_that_somebody_got_after_leaving_does_not_find_the_earlier_entries(ours: Organisation) -> None:
    person = UserFactory(email="oud@utrecht.nl", organisation=ours)
    record(Event.WAIT_LIFTED, subject=person, origin=HERE)
    Membership.objects.filter(user=person).update(organisation=OrganisationFactory())
    person = User.objects.get(pk=person.pk)
    person.email = "nieuw@b.nl"
    person.save()
    record(Event.ADDRESS_CHANGED, subject=person, origin=HERE, detail={"before": "oud@utrecht.nl"})
    client = administrator_of(ours)
    assert people_on(client, "person=nieuw@b.nl") == []
    assert people_on(client, "person=OUD@utrecht.nl") == ["oud@utrecht.nl"]
    assert "oud@utrecht.nl" in people_on(superuser(), "person=nieuw@b.nl&event=wait_lifted")


def test_address_that_somebody_had_before_joining_finds_nothing(ours: Organisation) -> None:
    person = UserFactory(email="eerst@b.nl", organisation=OrganisationFactory())
    record(Event.ADDRESS_CHANGED, subject=person, origin=HERE, detail={"before": "eerst@b.nl"})
    Membership.objects.filter(user=person).update(organisation=ours)
    person = User.objects.get(pk=person.pk)
    person.email = "nu@utrecht.nl"
    person.save()
    record(Event.WAIT_LIFTED, subject=person, origin=HERE)
    client = administrator_of(ours)
    assert people_on(client, "person=eerst@b.nl") == []
    assert people_on(client, "person=nu@utrecht.nl") == ["nu@utrecht.nl"]


def test_export_by_who_works_for_all_is_recorded_for_each_organisation_in_it(ours: Organisation) -> None:
    theirs, apart = OrganisationFactory(), OrganisationFactory()
    for organisation in (ours, ours, theirs, None):
        record(Event.WAIT_LIFTED, subject=UserFactory(organisation=organisation), origin=HERE)
    record(Event.SIGNED_IN, subject=UserFactory(organisation=apart), origin=HERE)
    client = superuser()
    client.post(EXPORT, {"format": "csv", "event": "wait_lifted"})
    entries = AuditEntry.objects.filter(event=Event.AUDIT_EXPORTED)
    found = {(entry.organisation_id, entry.detail["count"]) for entry in entries}
    assert found == {(ours.pk, 2), (theirs.pk, 1), (None, 1)}
    assert {entry.actor_name for entry in entries} == {"baas@assetmaps.nl"}
    client.post(EXPORT, {"format": "csv", "organisation": "utrecht"})
    assert AuditEntry.objects.filter(event=Event.AUDIT_EXPORTED).order_by("-pk")[0].organisation == ours
    assert AuditEntry.objects.filter(event=Event.AUDIT_EXPORTED).count() == 4
