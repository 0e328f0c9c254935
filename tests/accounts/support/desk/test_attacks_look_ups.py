"""A worker of support looks at more than the call needs: at everybody, or at what support did elsewhere before."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import Group

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations.models import Membership, Organisation
from accounts.support.desk import account_state, attempts, flows
from accounts.support.interventions import approval
from accounts.support.interventions.flows import InterventionRequest, act
from accounts.support.models import Kind
from tests.conftest import mails
from tests.factories import OrganisationFactory, UserFactory, support_group
from tests.pages import at_once, shown, signed_in

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
TOO_MANY = "Je hebt het afgelopen uur 3 mensen bekeken"


def own_support(organisation: Organisation) -> User:
    support_group()
    worker = UserFactory(staff=True, with_totp=True, organisation=organisation)
    worker.groups.add(Group.objects.get(name="Support eigen organisatie"))
    return worker


def looked_up(**what: object) -> int:
    return AuditEntry.objects.filter(event=Event.PERSON_LOOKED_UP, **what).count()


@pytest.mark.django_db(transaction=True)
def test_worker_looks_at_so_many_people_and_no_more_and_whoever_watches_hears_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LOOK_UPS", 3)
    UserFactory(superuser=True, email="baas@assetmaps.nl")
    worker, people = UserFactory(in_support=True, with_totp=True), [UserFactory() for _ in range(5)]
    client = signed_in(worker)
    before = len(mails())
    pages = [shown(client, f"/beheer/support/{person.pk}/") for person in people]
    assert [TOO_MANY in page for page in pages] == [False, False, False, True, True]
    assert people[4].email not in pages[4]
    assert looked_up(succeeded=True) == 3
    assert looked_up(succeeded=False) == 1
    told = mails()[before:]
    assert {message.to[0] for message in told} >= {"baas@assetmaps.nl"}
    assert len({message.to[0] for message in told}) == len(told)
    assert TOO_MANY not in shown(client, f"/beheer/support/{people[0].pk}/"), "open for the whole call"


@pytest.mark.django_db(transaction=True)
def test_look_ups_at_once_are_counted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOK_UPS", 3)
    worker, people = UserFactory(in_support=True), [UserFactory() for _ in range(6)]
    found = at_once([partial(flows.look_up, person, worker, HERE) for person in people])
    assert sorted(found) == [False] * 3 + [True] * 3
    assert looked_up(succeeded=False) == 1


def test_look_up_by_who_works_for_all_stands_in_the_story_of_the_organisation_it_was_about() -> None:
    ours = OrganisationFactory()
    person = UserFactory(organisation=ours)
    worker = UserFactory(in_support=True, with_totp=True, organisation=OrganisationFactory())
    shown(signed_in(worker), f"/beheer/support/{person.pk}/")
    entry = AuditEntry.objects.get(event=Event.PERSON_LOOKED_UP)
    assert (entry.organisation, entry.actor, entry.subject) == (ours, worker, person)


# ASVS 8.4.1
def test_what_support_did_elsewhere_is_not_shown_after_a_move() -> None:
    before, after = OrganisationFactory(), OrganisationFactory()
    person = UserFactory(organisation=before, with_totp=True)
    old, new, everyones = own_support(before), own_support(after), UserFactory(in_support=True)
    done = act(InterventionRequest(Kind.END_SESSIONS, person, old, "geheime reden", "T-1"), HERE).intervention
    record(Event.PASSWORD_REFUSED, subject=person, origin=HERE, succeeded=False)
    Membership.objects.filter(user=person).update(organisation=after)
    person = User.objects.get(pk=person.pk)
    page = shown(signed_in(new), f"/beheer/support/{person.pk}/")
    for word in (done.receipt, "geheime reden", old.email, "192.0.2.7"):
        assert word not in page
    again = act(InterventionRequest(Kind.END_SESSIONS, person, new, "hier", ""), HERE).intervention
    record(Event.SIGNED_IN, subject=person, origin=HERE)
    assert account_state.earlier(person, new) == [again]
    assert account_state.earlier(person, everyones) == [again, done]
    assert [one.succeeded for one in attempts.newest(person, new)] == [True]
    assert len(attempts.newest(person, everyones)) == 2


def test_what_was_asked_elsewhere_is_not_approved_here_after_a_move() -> None:
    before, after = OrganisationFactory(), OrganisationFactory()
    old, new = own_support(before), own_support(after)
    person = own_support(before)  # has rights, so a second worker is needed
    asked = act(InterventionRequest(Kind.RESET, person, old, "reden", ""), HERE).intervention
    assert asked in approval.open_for(own_support(before))
    Membership.objects.filter(user=person).update(organisation=after)
    assert asked not in approval.open_for(new)
    assert asked in approval.open_for(UserFactory(in_support=True))
