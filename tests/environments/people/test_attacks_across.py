"""An administrator of one organisation tries to enter the environments of another through an own member who may open
them; and who can open an environment is seen by the administrators of its organisation."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import scope
from accounts.passwords import links
from accounts.support.flows import Refusal, may_help, may_reset
from accounts.support.interventions import approval
from accounts.support.interventions.flows import InterventionRequest, act
from accounts.support.models import Intervention, Kind
from environments import flows as access
from environments.models import Access
from environments.people import flows, import_processing, imports
from environments.people.list_reader import read
from tests.conftest import mails
from tests.environments.people.staff import PEOPLE, administrator, page_of, superuser, values_of
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db

HERE = Origin("127.0.0.1", "Testbrowser")
ACCESS = "/beheer/environments/access/"
WHY = "Deze persoon kan ook een omgeving van een andere organisatie openen"


class World:
    """``guest``: of A, and may open an environment of B."""

    def __init__(self, **guest: object) -> None:
        self.ours = EnvironmentFactory(name="Kaart van A", slug="kaart-a", organisation__name="Organisatie A")
        self.theirs = EnvironmentFactory(name="Kaart van B", slug="kaart-b", organisation__name="Organisatie B")
        self.guest = UserFactory(email="gast@a.example", organisation=self.ours.organisation, **guest)
        self.access = Access.objects.create(user=self.guest, environment=self.theirs)
        self.of_a = administrator(self.ours.organisation, email="beheer@a.example")
        self.of_b = administrator(self.theirs.organisation, email="beheer@b.example")

    @property
    def client(self) -> Client:
        return signed_in(self.of_a)


def own_support(organisation: object) -> User:
    worker = administrator(organisation)
    worker.groups.set(Group.objects.filter(name="Support eigen organisatie"))
    return worker


# ASVS 8.4.1
def test_address_of_a_guest_elsewhere_is_not_changed_by_the_own_administrator() -> None:
    world = World()
    client = world.client
    page = shown(client, page_of(world.guest))
    assert WHY in page
    assert 'name="email"' not in page
    client.post(page_of(world.guest), values_of(world.guest, opens=None, email="dief@a.example", first_name="Anders"))
    world.guest.refresh_from_db()
    assert (world.guest.email, world.guest.first_name) == ("gast@a.example", "Anders")
    assert not AuditEntry.objects.filter(event="address_changed").exists()


def test_flow_itself_keeps_the_address_too() -> None:
    """Also when the page was drawn before the access was given."""
    world = World()
    stored = User.objects.get(pk=world.guest.pk)
    changed = User.objects.get(pk=world.guest.pk)
    changed.email = "dief@a.example"
    rights = flows.Rights.of(stored)
    with pytest.raises(PermissionError):
        flows.change(changed, rights_before=rights, rights=rights, belongs_to=None, actor=world.of_a, origin=HERE)
    stored.refresh_from_db()
    assert stored.email == "gast@a.example"


def test_address_is_changed_by_who_works_for_every_organisation_and_of_an_own_member_by_the_own() -> None:
    world = World()
    client = signed_in(superuser())
    client.post(page_of(world.guest), values_of(world.guest, email="nieuw@a.example"))
    assert User.objects.get(pk=world.guest.pk).email == "nieuw@a.example"
    mine = UserFactory(organisation=world.ours.organisation)
    Access.objects.create(user=mine, environment=world.ours)
    own = world.client
    assert WHY not in shown(own, page_of(mine))
    own.post(page_of(mine), values_of(mine, email="mijn@a.example"))
    assert User.objects.get(pk=mine.pk).email == "mijn@a.example"


@pytest.mark.django_db(transaction=True)
def test_no_invitation_is_sent_anew_to_a_guest_elsewhere_by_the_own_administrator() -> None:
    world = World(password="!x")
    client = world.client
    assert f"/beheer/mensen/{world.guest.pk}/uitnodigen/" not in shown(client, page_of(world.guest))
    client.post(f"/beheer/mensen/{world.guest.pk}/uitnodigen/")
    client.post("/beheer/mensen/opnieuw-uitnodigen/", {"ids": str(world.guest.pk)})
    assert not mails()
    assert not AuditEntry.objects.filter(event="invited").exists()
    assert flows.may_invite(superuser(), world.guest)


def test_guest_elsewhere_can_be_deactivated_by_the_own_administrator() -> None:
    world = World()
    world.client.post("/beheer/mensen/deactiveren/", {"ids": str(world.guest.pk)})
    assert not User.objects.get(pk=world.guest.pk).is_active


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.BRIDGE_CODE, Kind.LIFT_WAIT])
def test_support_of_the_own_organisation_opens_no_account_of_a_guest_elsewhere(kind: Kind) -> None:
    """With the mailbox, which the own organisation keeps, a reset would open the other's environment just as well."""
    world = World()
    worker = own_support(world.ours.organisation)
    assert may_help(worker, world.guest) is None
    assert may_reset(worker, world.guest) is Refusal.OPENS_ELSEWHERE
    assert act(InterventionRequest(kind, world.guest, worker, "test"), HERE).outcome is Refusal.OPENS_ELSEWHERE
    assert not Intervention.objects.exists()
    assert AuditEntry.objects.get(succeeded=False).detail["cause"] == "opens_elsewhere"
    page = shown(signed_in(worker), f"/beheer/support/{world.guest.pk}/")
    assert WHY in page
    everyones = UserFactory(in_support=True, with_totp=True)
    assert may_reset(everyones, world.guest) is None


def test_support_of_the_own_organisation_ends_sessions_and_approves_nothing() -> None:
    world = World()
    worker = own_support(world.ours.organisation)
    act(InterventionRequest(Kind.END_SESSIONS, world.guest, worker, "test"), HERE)
    assert Intervention.objects.get().state == "done"
    asked = Intervention.objects.create(kind=Kind.RESET, subject=world.guest, worker=superuser(), reason="test")
    assert approval.may_approve(asked, worker) is Refusal.OPENS_ELSEWHERE


def test_who_opens_nothing_elsewhere_is_helped_as_before() -> None:
    world = World()
    mine = UserFactory(organisation=world.ours.organisation)
    assert may_reset(own_support(world.ours.organisation), mine) is None
    world.access.delete()
    assert scope.may_manage_sign_in(world.of_a, User.objects.get(pk=world.guest.pk))


def test_environment_that_goes_to_another_organisation_makes_its_people_guests() -> None:
    world = World()
    mine = UserFactory(organisation=world.ours.organisation)
    Access.objects.create(user=mine, environment=world.ours)
    assert scope.may_manage_sign_in(world.of_a, mine)
    world.ours.organisation = OrganisationFactory()
    world.ours.save()
    assert not scope.may_manage_sign_in(world.of_a, mine)


# ASVS 8.4.1
def test_administrators_see_everybody_who_can_open_their_environments() -> None:
    world = World()
    nowhere = UserFactory(email="los@nergens.example")
    Access.objects.create(user=nowhere, environment=world.theirs)
    Access.objects.create(user=UserFactory(email="geheim@a.example"), environment=world.ours)
    client = signed_in(world.of_b)
    page = shown(client, f"{ACCESS}?environment={world.theirs.pk}")
    for word in ("gast@a.example", "Organisatie A", "los@nergens.example"):
        assert word in page
    assert "geheim@a.example" not in page
    assert "gast@a.example" in shown(client, f"{ACCESS}?q=gast@a")
    assert f"{ACCESS}?environment={world.theirs.pk}" in shown(
        client, f"/beheer/environments/environment/{world.theirs.pk}/change/"
    )
    one = shown(client, f"{ACCESS}{world.access.pk}/change/")
    assert "gast@a.example" in one
    assert page_of(world.guest) not in one, "the page of a person of another organisation does not exist for them"
    assert "gast@a.example" not in shown(client, PEOPLE)


def test_administrators_take_a_guest_out_and_the_story_of_the_environment_says_so() -> None:
    world = World()
    client = signed_in(world.of_b)
    assert "/beheer/omgevingen/rol/" not in shown(client, f"{ACCESS}{world.access.pk}/change/")
    client.post(ACCESS, {"action": "delete_selected", "_selected_action": [world.access.pk], "post": "yes"})
    assert not Access.objects.filter(pk=world.access.pk).exists()
    entry = AuditEntry.objects.get(event="access_taken")
    assert (entry.organisation, entry.subject) == (world.theirs.organisation, world.guest)


def test_what_happens_to_an_environment_stands_in_the_story_of_its_organisation() -> None:
    world = World()
    nowhere, boss = UserFactory(), superuser()
    access.give_many([(world.guest, [world.ours]), (nowhere, [world.ours, world.theirs])], actor=boss, origin=HERE)
    access.open_environment(world.guest, "kaart-b", HERE)
    access.continue_to(world.guest, "kaart-b", {world.theirs.host}, HERE)
    entries = AuditEntry.objects.values_list("event", "organisation__name", "subject").order_by("pk")
    assert set(entries) == {
        ("access_given", "Organisatie A", world.guest.pk),
        ("access_given", "Organisatie A", nowhere.pk),
        ("access_given", "Organisatie B", nowhere.pk),
        ("environment_opened", "Organisatie B", world.guest.pk),
    }


def test_own_administrator_learns_no_name_of_an_environment_elsewhere() -> None:
    """Neither in the export nor on the page of the person, also without the right to change it."""
    world = World()
    client = world.client
    answer = client.post("/beheer/mensen/exporteren/", {"filters": ""})
    content = b"".join(answer).decode()
    assert "gast@a.example" in content
    assert "Kaart van B" not in content
    assert "Kaart van B" not in shown(client, page_of(world.guest))
    looker = own_support(world.ours.organisation)
    Access.objects.create(user=world.guest, environment=world.ours)
    page = shown(signed_in(looker), page_of(world.guest))
    assert "Kaart van A" in page
    assert "Kaart van B" not in page
    assert "Kaart van B" in text(signed_in(UserFactory(in_support=True, with_totp=True)).get(page_of(world.guest)))


def test_export_by_who_works_for_all_stands_in_the_story_of_each_organisation_it_was_about() -> None:
    world = World()
    UserFactory(email="los@nergens.example")
    client = signed_in(superuser())
    client.post("/beheer/mensen/exporteren/", {"filters": "q=gast@a"})
    entry = AuditEntry.objects.get(event="people_exported")
    assert (entry.organisation, entry.detail["count"]) == (world.ours.organisation, 1)
    client.post("/beheer/mensen/exporteren/", {"filters": ""})
    entries = AuditEntry.objects.filter(event="people_exported").exclude(pk=entry.pk)
    assert {(one.organisation, one.detail["count"]) for one in entries} == {
        (world.ours.organisation, 2),
        (world.theirs.organisation, 1),
        (None, 2),
    }
    client.post("/beheer/mensen/exporteren/", {"filters": "q=niemand@nergens"})
    assert AuditEntry.objects.filter(event="people_exported", detail__count=0).count() == 1


@pytest.mark.django_db(transaction=True)
def test_mailbox_is_not_filled_with_invitations() -> None:
    world = World(password="!x")
    boss = signed_in(superuser())
    for _ in range(limits.INVITATION_MAILS + 2):
        page = text(boss.post(f"/beheer/mensen/{world.guest.pk}/uitnodigen/", follow=True))
    assert f"kreeg er vandaag al {limits.INVITATION_MAILS}" in page
    boss.post("/beheer/mensen/opnieuw-uitnodigen/", {"ids": str(world.guest.pk)})
    assert len(mails()) == AuditEntry.objects.filter(event="invited").count() == limits.INVITATION_MAILS
    token = re.findall(r"/wachtwoord-instellen/(\S+)/", mails()[-1].body)[0]
    assert links.holder(token) == world.guest, "the last link keeps working"


# ASVS 8.4.1
def test_address_that_somebody_has_elsewhere_is_refused_in_the_words_of_a_foreign_one() -> None:
    world = World()
    UserFactory(email="iemand@gratis.example", organisation=world.theirs.organisation)
    mine = UserFactory(email="mijn@a.example", organisation=world.ours.organisation)
    client, new = world.client, {"first_name": "N", "last_name": "N", "language": "nl"}
    for page in (
        shown(client, f"{PEOPLE}add/", new | {"email": "Iemand@gratis.example"}),
        shown(client, page_of(mine), values_of(mine, email="iemand@gratis.example")),
    ):
        assert "Dit adres kun je niet gebruiken voor deze organisatie" in page
        assert "Er is al iemand met dit e-mailadres" not in page
    assert "Er is al iemand met dit e-mailadres" in shown(client, f"{PEOPLE}add/", new | {"email": "mijn@a.example"})


def test_addresses_are_not_tried_one_by_one_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ADDRESSES_TYPED", 2)
    world = World()
    UserFactory(email="iemand@gratis.example", organisation=world.theirs.organisation)
    client, values = world.client, {"first_name": "N", "last_name": "N", "language": "nl"}
    typed = ["iemand@gratis.example", "iemand@gratis.example", "iemand@gratis.example", "niemand@gratis.example"]
    pages = [shown(client, f"{PEOPLE}add/", values | {"email": email}) for email in typed]
    assert ["één voor één" in page for page in pages] == [False, False, True, True]
    assert not User.objects.filter(email="niemand@gratis.example").exists()
    mine = UserFactory(organisation=world.ours.organisation)
    client.post(page_of(mine), values_of(mine, first_name="Anders"))
    assert User.objects.get(pk=mine.pk).first_name == "Anders", "what is not about an address goes on"


def test_list_that_is_only_looked_at_tells_of_few_addresses_that_they_are_somebodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "ADDRESSES_TOLD", 2)
    world = World()
    people = [UserFactory(email=f"p{n}@gratis.example", organisation=world.theirs.organisation) for n in range(4)]
    listed = "\n".join(person.email for person in people)
    batch = imports.create(read(listed), world.ours.organisation, world.of_a)
    assert [line.state for line in batch.lines.all()] == ["wrong", "wrong", "new", "new"]
    assert imports.confirm(batch, world.of_a, HERE)
    import_processing.carry_out(batch.pk)
    assert {line.why for line in batch.lines.filter(state="failed")} == {"elsewhere"}
    assert not AuditEntry.objects.filter(event="invited").exists()
    everyones = imports.create(read(listed), world.ours.organisation, superuser())
    assert {line.state for line in everyones.lines.all()} == {"wrong"}
