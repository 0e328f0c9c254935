"""One person in the administration: add, change, move, invite again, deactivate."""

from __future__ import annotations

import re
from functools import partial

import pytest
from django.contrib.auth.models import Group

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Membership
from accounts.passwords import links
from environments.models import Access
from environments.people import flows
from tests.conftest import mails, outlive_proof
from tests.environments.people.staff import (
    PEOPLE,
    administrator,
    administrator_of,
    page_of,
    superuser,
    values_of,
)
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory, support_group
from tests.pages import at_once, is_signed_in, shown, signed_in, text

pytestmark = pytest.mark.django_db

HERE = Origin("127.0.0.1", "Testbrowser")
AGAIN = "/beheer/mensen/opnieuw-uitnodigen/"
NEW = {"email": "nieuw@voorbeeld.nl", "first_name": "Nina", "last_name": "Nieuw", "language": "nl"}


def open_to(person: User) -> set[str]:
    return set(Access.objects.filter(user=person).values_list("environment__slug", flat=True))


def recorded(event: str) -> list[tuple[str, dict]]:
    return [(entry.subject_name, entry.detail) for entry in AuditEntry.objects.filter(event=event).order_by("pk")]


def test_new_person_belongs_to_the_own_organisation_with_its_environments(
    django_capture_on_commit_callbacks: object,
) -> None:
    environment = EnvironmentFactory(slug="wegen")
    boss = administrator_of(environment.organisation)
    assert "Nieuwe persoon" not in shown(boss, f"{PEOPLE}add/?organisation=x")
    with django_capture_on_commit_callbacks(execute=True):
        answer = boss.post(f"{PEOPLE}add/", NEW | {"opens": [environment.pk]})
    assert answer.status_code == 302, text(answer)
    person = User.objects.get(email="nieuw@voorbeeld.nl")
    assert person.membership.organisation == environment.organisation
    assert open_to(person) == {"wegen"}
    assert recorded("access_given") == [("nieuw@voorbeeld.nl", {"environment": "wegen"})]
    assert AuditEntry.objects.get(event="invited").organisation == environment.organisation
    assert [message.to for message in mails()] == [["nieuw@voorbeeld.nl"]]


def test_who_works_for_all_chooses_the_organisation_first_and_needs_no_javascript() -> None:
    environment, other = EnvironmentFactory(name="Wegen", slug="wegen"), EnvironmentFactory(name="Geheim")
    boss = signed_in(superuser())
    first = shown(boss, f"{PEOPLE}add/")
    assert f'<option value="{environment.organisation.name}">' in first
    assert "Wegen" not in first
    assert "Er is geen organisatie met deze naam" in shown(boss, f"{PEOPLE}add/?organisation=bestaat-niet")
    address = f"{PEOPLE}add/?organisation={environment.organisation.name}"
    page = shown(boss, address)
    assert "Wegen" in page
    assert "Geheim" not in page
    assert boss.post(address, NEW | {"opens": [other.pk]}).status_code == 200
    assert boss.post(address, NEW | {"opens": [environment.pk]}).status_code == 302
    assert User.objects.get(email="nieuw@voorbeeld.nl").membership.organisation == environment.organisation


def test_person_without_organisation_can_be_made_by_who_works_for_all() -> None:
    assert signed_in(superuser()).post(f"{PEOPLE}add/?organisation=", NEW).status_code == 302
    assert not Membership.objects.filter(user__email="nieuw@voorbeeld.nl").exists()


def test_environments_are_given_and_taken_on_the_page_of_the_person_and_recorded() -> None:
    one = EnvironmentFactory(slug="een")
    two = EnvironmentFactory(slug="twee", organisation=one.organisation)
    person = UserFactory(organisation=one.organisation)
    Access.objects.create(user=person, environment=one)
    boss = administrator_of(one.organisation)
    assert boss.post(page_of(person), values_of(person, opens=[two.pk])).status_code == 302
    assert open_to(person) == {"twee"}
    assert recorded("access_given") == [(person.email, {"environment": "twee"})]
    assert recorded("access_taken") == [(person.email, {"environment": "een"})]
    boss.post(page_of(person), values_of(person))
    assert len(recorded("access_given")) == 1, "saving without a change records nothing"


def test_environments_stay_as_they_are_for_who_may_not_give_access() -> None:
    environment = EnvironmentFactory()
    worker, person = administrator(environment.organisation), UserFactory(organisation=environment.organisation)
    Access.objects.create(user=person, environment=environment)
    Group.objects.get(name="Organisatiebeheer").permissions.remove(
        *Group.objects.get(name="Organisatiebeheer").permissions.filter(codename="add_access")
    )
    client = signed_in(worker)
    assert client.post(page_of(person), values_of(person, opens=None, first_name="Anders")).status_code == 302
    assert Access.objects.filter(user=person).exists()
    assert User.objects.get(pk=person.pk).first_name == "Anders"


def test_moving_closes_the_environments_of_the_organisation_that_is_left() -> None:
    old, new = EnvironmentFactory(slug="oud"), OrganisationFactory(name="Nieuw")
    guest = EnvironmentFactory(slug="gast")
    person = UserFactory(organisation=old.organisation)
    for environment in (old, guest):
        Access.objects.create(user=person, environment=environment)
    assert signed_in(superuser()).post(page_of(person), values_of(person, organisation="nieuw")).status_code == 302
    assert Membership.objects.get(user=person).organisation == new
    assert open_to(person) == {"gast"}
    entries = AuditEntry.objects.filter(event="organisation_changed")
    assert {entry.organisation_id for entry in entries} == {old.organisation_id, new.pk}
    assert entries[0].detail == {"before": old.organisation.name, "after": "Nieuw"}


def test_person_can_be_taken_out_of_every_organisation() -> None:
    person = UserFactory(organisation=OrganisationFactory())
    signed_in(superuser()).post(page_of(person), values_of(person, organisation=""))
    assert not Membership.objects.filter(user=person).exists()


# ASVS 7.5.3
def test_change_of_rights_is_recorded_with_what_they_were() -> None:
    person, desk = UserFactory(), support_group()
    boss = signed_in(superuser())
    assert boss.post(page_of(person), values_of(person, is_staff="on", groups=[desk.pk])).status_code == 302
    assert recorded("rights_changed") == [(person.email, {"before": "-", "after": "is_staff, Support"})]
    boss.post(page_of(person), values_of(User.objects.get(pk=person.pk), first_name="Anders"))
    assert len(recorded("rights_changed")) == 1


def test_deactivating_somebody_tells_that_they_are_signed_out() -> None:
    person, boss = UserFactory(), signed_in(superuser())
    assert "related-widget-wrapper-link" not in text(boss.get(page_of(person)))
    boss.post(page_of(person), values_of(person, is_active=None))
    assert "Deze persoon is overal uitgelogd." in text(boss.get(PEOPLE))


def test_activating_again_is_recorded() -> None:
    person = UserFactory(is_active=False)
    signed_in(superuser()).post(page_of(person), values_of(person, is_active="on"))
    assert recorded("reactivated") == [(person.email, {})]


def test_nobody_deactivates_themselves() -> None:
    superuser()
    person = superuser()
    client = signed_in(person)
    assert "Je kunt jezelf niet deactiveren" in text(client.post(page_of(person), values_of(person, is_active=None)))
    client.post("/beheer/mensen/deactiveren/", {"ids": str(person.pk)})
    assert User.objects.get(pk=person.pk).is_active
    assert is_signed_in(client)


def test_last_active_superuser_stays_one() -> None:
    person = superuser()
    UserFactory(superuser=True, is_active=False)
    client = signed_in(person)
    for change in ({"is_superuser": None}, {"is_active": None}):
        told = "laatste supergebruiker" if "is_superuser" in change else "Je kunt jezelf niet deactiveren"
        assert told in text(client.post(page_of(person), values_of(person, **change)))
        person.refresh_from_db()
        assert (person.is_active, person.is_superuser) == (True, True)
    superuser()
    client.post(page_of(person), values_of(person, is_superuser=None))
    assert not User.objects.get(pk=person.pk).is_superuser


@pytest.mark.django_db(transaction=True)
def test_two_superusers_who_demote_each_other_leave_one() -> None:
    one, two = superuser(), superuser()
    tasks = [
        partial(signed_in(actor).post, page_of(other), values_of(other, is_superuser=None, is_staff=None))
        for actor, other in ((one, two), (two, one))
    ]
    at_once(tasks)
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_invitation_is_sent_again_with_one_click_and_ends_the_earlier_link() -> None:
    person = UserFactory(organisation=OrganisationFactory(), password="!x")
    boss = administrator_of(person.membership.organisation)
    assert f"/beheer/mensen/{person.pk}/uitnodigen/" in shown(boss, page_of(person))
    answer = boss.post(f"/beheer/mensen/{person.pk}/uitnodigen/", follow=True)
    assert "Er is 1 uitnodiging verstuurd." in text(answer)
    assert [message.to for message in mails()] == [[person.email]]
    assert User.objects.get(pk=person.pk).invitations_issued == 1


@pytest.mark.parametrize("kind", ["has a password", "deactivated", "has more rights"])
def test_who_needs_no_invitation_gets_none(kind: str) -> None:
    organisation = OrganisationFactory()
    person = UserFactory(
        organisation=organisation,
        is_active=kind != "deactivated",
        is_superuser=kind == "has more rights",
        **({} if kind == "has a password" else {"password": "!x"}),
    )
    boss = administrator_of(organisation)
    assert f"/beheer/mensen/{person.pk}/uitnodigen/" not in shown(boss, page_of(person))
    boss.post(f"/beheer/mensen/{person.pk}/uitnodigen/")
    boss.post(AGAIN, {"ids": str(person.pk)})
    assert not AuditEntry.objects.filter(event="invited").exists()


@pytest.mark.django_db(transaction=True)
def test_many_are_invited_again_from_the_list() -> None:
    organisation = OrganisationFactory()
    never = [UserFactory(organisation=organisation, password="!x") for _ in range(3)]
    came = UserFactory(organisation=organisation)
    chosen = {"action": "invite_again", "_selected_action": [person.pk for person in [*never, came]]}
    boss = administrator_of(organisation)
    page = text(boss.post(PEOPLE, chosen))
    assert "1 persoon krijgt niets: heeft een wachtwoord, logt anders in of is gedeactiveerd." in page
    assert 'value="Verstuur 3 uitnodigingen"' in page
    assert not AuditEntry.objects.filter(event="invited").exists(), "it asks first"
    ids = "-".join(str(person.pk) for person in [*never, came])
    page = text(boss.post(AGAIN, {"ids": ids}, follow=True))
    assert "Er zijn 3 uitnodigingen verstuurd." in page
    assert "1 persoon kreeg er geen" in page
    assert AuditEntry.objects.filter(event="invited").count() == 3


@pytest.mark.django_db(transaction=True)
def test_one_is_invited_again_with_one_press_in_the_list() -> None:
    organisation = OrganisationFactory()
    never, came = UserFactory(organisation=organisation, password="!x"), UserFactory(organisation=organisation)
    boss = administrator_of(organisation)
    page = text(boss.get(f"{PEOPLE}?is_active__exact=1&p=1"))
    _before, form = page.split('id="changelist-form"')
    assert '<input type="hidden" name="filters" value="is_active__exact=1&p=1">' in form
    assert f'formaction="/beheer/mensen/{came.pk}/uitnodigen/"' not in page
    assert f'formaction="/beheer/mensen/{never.pk}/uitnodigen/"' in page
    posted = {"from-list": "1", "filters": "is_active__exact=1&p=1"}
    answer = boss.post(f"/beheer/mensen/{never.pk}/uitnodigen/", posted, follow=True)
    assert answer.redirect_chain == [(f"{PEOPLE}?is_active__exact=1&p=1", 302)]
    assert "Er is 1 uitnodiging verstuurd." in text(answer)


@pytest.mark.django_db(transaction=True)
def test_newest_of_two_invitations_at_once_works() -> None:
    boss, person = superuser(), UserFactory(password="!x")
    at_once([partial(flows.invite_again, person.pk, actor=boss, origin=HERE) for _ in range(4)])
    assert User.objects.get(pk=person.pk).invitations_issued == 4
    tokens = re.findall(r"/wachtwoord-instellen/(\S+)/", "\n".join(mail.body for mail in mails()))
    assert len(set(tokens)) == 4
    assert [links.holder(token) for token in tokens].count(person) == 1


# ASVS 7.4.2
def test_many_are_deactivated_after_a_question_with_their_number() -> None:
    organisation = OrganisationFactory()
    people = [UserFactory(organisation=organisation) for _ in range(3)]
    gone, client = signed_in(people[0]), administrator_of(organisation)
    asked = client.post(PEOPLE, {"action": "deactivate", "_selected_action": [person.pk for person in people]})
    assert "Je gaat <strong>3 personen</strong> deactiveren" in text(asked)
    assert User.objects.filter(is_active=False).count() == 0
    ids = "-".join(str(person.pk) for person in people)
    page = text(client.post("/beheer/mensen/deactiveren/", {"ids": ids}, follow=True))
    assert "3 personen zijn gedeactiveerd." in page
    assert not is_signed_in(gone)
    assert not Session.objects.filter(user__in=people).exists()
    assert AuditEntry.objects.filter(event="deactivated").count() == 3


def test_deactivating_many_needs_fresh_proof_and_takes_only_who_is_in_scope_and_below() -> None:
    organisation = OrganisationFactory()
    mine, theirs = UserFactory(organisation=organisation), UserFactory(organisation=OrganisationFactory())
    above = UserFactory(organisation=organisation, superuser=True)
    client = administrator_of(organisation)
    ids = f"{mine.pk}-{theirs.pk}-{above.pk}-x--99999999999999999999999-0"
    assert "1 persoon is gedeactiveerd" in shown(client, "/beheer/mensen/deactiveren/", {"ids": ids})
    assert set(User.objects.filter(is_active=False)) == {mine}
    outlive_proof(client)
    assert client.post("/beheer/mensen/deactiveren/", {"ids": ids}).url.startswith("/bevestig-identiteit/")


def test_nothing_changes_by_looking() -> None:
    person = UserFactory(password="!x")
    client = signed_in(superuser())
    for address in (
        f"/beheer/mensen/{person.pk}/uitnodigen/",
        "/beheer/mensen/deactiveren/",
        "/beheer/mensen/exporteren/",
    ):
        assert client.get(address).status_code == 405


def test_save_gives_nobody_back_the_rights_that_were_taken_away_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    here = OrganisationFactory()
    worker, person = administrator(here), administrator(here)
    refusal = flows.refusal

    def meanwhile(*args: object, **kwargs: object) -> object:  # the form has read the person, and nothing is stored yet
        User.objects.filter(pk=person.pk).update(is_staff=False)
        return refusal(*args, **kwargs)

    client = signed_in(worker)
    monkeypatch.setattr(flows, "refusal", meanwhile)
    client.post(page_of(person), values_of(person, first_name="Anders"))
    person.refresh_from_db()
    assert (person.first_name, person.is_staff) == ("Anders", False)
    assert not AuditEntry.objects.filter(event="rights_changed").exists()
