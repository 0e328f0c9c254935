"""The first page of the administration: jobs and state, for whoever may see them, in a bounded number of queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail.models import OutgoingMail, State
from accounts.mfa_policy.models import Snapshot
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.sso.models import Connection
from accounts.support.models import HelpRequest, Intervention, Kind, Report
from tests.factories import AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db

START = "/beheer/"
INVITE = 'class="button" href="/beheer/mensen/uitnodigen/"'


def worker(*codenames: str, organisation: Organisation | None = None) -> Client:
    person = UserFactory(staff=True, with_totp=True, organisation=organisation)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return signed_in(person)


def test_each_card_is_for_who_may_open_what_is_behind_it() -> None:
    town = OrganisationFactory()
    headings = {
        "people": ("view_user",),
        "desk": ("reset_second_factor",),
        "second-step": ("view_user", "view_organisation"),
        "business-account": ("change_organisation",),
        "activity": ("view_auditentry",),
    }
    for heading, rights in headings.items():
        page = shown(worker(*rights, organisation=town), START)
        expected = {heading} | ({"people"} if "view_user" in rights else set())
        assert {name for name in headings if f'<h2 id="{name}">' in page} == expected, heading


def test_who_may_invite_finds_the_button() -> None:
    town = OrganisationFactory()
    assert INVITE in shown(worker("add_user", organisation=town), START)
    assert INVITE not in shown(worker("add_user"), START)


def test_progress_is_told_with_the_first_day_and_a_chart() -> None:
    first_day = timezone.localdate() + timedelta(days=1)
    town = OrganisationFactory(second_step=SecondStep.REQUIRED, required_from=first_day)
    other = OrganisationFactory()
    client = worker("view_user", "view_organisation", organisation=town)
    for _ in range(2):
        UserFactory(organisation=town)
        UserFactory(organisation=other)
    assert "1 van 3 heeft een tweede stap" in shown(client, START)
    AuthenticatorFactory(user=User.objects.filter(membership__organisation=town, is_staff=False).first())
    for days, protected in ((2, 0), (1, 1)):
        day = timezone.localdate() - timedelta(days=days)
        Snapshot.objects.create(organisation=town, day=day, people=3, protected=protected)
    page = shown(client, START)
    assert "2 van 3 hebben een tweede stap, verplicht vanaf" in " ".join(page.split())
    assert page.count('class="chart__line"') == 1
    assert other.name not in page


def test_large_organisation_is_shown_as_its_daily_count_while_that_is_recent() -> None:
    town = OrganisationFactory()
    client = worker("view_user", "view_organisation", organisation=town)
    counted = Snapshot.objects.create(organisation=town, day=timezone.localdate(), people=12_345, protected=678)
    assert "678 van 12.345 hebben een tweede stap" in shown(client, START)
    Snapshot.objects.filter(pk=counted.pk).update(day=timezone.localdate() - timedelta(days=3))
    assert "1 van 1 heeft een tweede stap" in shown(client, START)


def test_business_account_tells_since_when_and_what_is_wrong() -> None:
    town, now = OrganisationFactory(), timezone.now()
    client = worker("change_organisation", organisation=town)
    assert "uit" in shown(client, START).split('id="business-account"')[1]
    connection_of = Connection.objects.create(organisation=town, issuer="https://login.voorbeeld.nl", client_id="x")
    assert "uit, nog niet klaar" in shown(client, START)
    Connection.objects.filter(pk=connection_of.pk).update(
        enabled=True, worked_at=now - timedelta(hours=2), failed_at=now, secret_expires_on=timezone.localdate()
    )
    record(Event.SSO_SWITCHED_ON, subject=None, organisation=town, origin=Origin())
    page = shown(client, START)
    for words in ("aan sinds", "De laatste keer inloggen mislukte.", "Het geheim verloopt over 0 dagen."):
        assert words in page


def test_desk_tells_what_waits_and_how_long() -> None:
    town = OrganisationFactory()
    client = worker("reset_second_factor", organisation=town)
    assert "Niets openstaand" in shown(client, START)
    person, elsewhere = UserFactory(organisation=town), UserFactory(organisation=OrganisationFactory())
    changed_mind = UserFactory(organisation=town)
    for one in (person, elsewhere, changed_mind):
        asked = HelpRequest.objects.create(user=one)
        HelpRequest.objects.filter(pk=asked.pk).update(asked_at=timezone.now() - timedelta(hours=2))
    HelpRequest.objects.filter(user=changed_mind).update(cancelled_at=timezone.now())
    entry = record(Event.WRONG_CODES, subject=person, origin=Origin())
    for one in (entry, record(Event.WRONG_CODES, subject=elsewhere, origin=Origin())):
        Report.objects.create(user=one.subject, entry=one)
    page = shown(client, START).replace("\xa0", " ")
    assert "1 verzoek om hulp</a>" in page
    assert "2 uur geleden" in page
    assert '1 melding "Dit was ik niet"</a>' in page
    assert "goedkeuring<" not in page
    for _ in range(2):
        waiting = Intervention.objects.create(kind=Kind.RESET, subject=person, worker=UserFactory(), reason="kwijt")
        detail: dict[str, str | int] = {"receipt": waiting.receipt}
        record(Event.INTERVENTION_ASKED, subject=person, origin=Origin(), detail=detail)
    assert "2 goedkeuringen</a>" in shown(client, START)


def test_new_address_waits_for_another_administrator_than_who_asked() -> None:
    superuser = UserFactory(superuser=True, with_totp=True)
    client = signed_in(superuser)
    EnvironmentFactory(
        name="Kaart", next_address="https://elders.nl/", next_address_at=timezone.now(), next_address_by=UserFactory()
    )
    EnvironmentFactory(
        name="Eigen", next_address="https://elders.nl/", next_address_at=timezone.now(), next_address_by=superuser
    )
    page = shown(client, START)
    assert ">Kaart</a>" in page
    assert ">Eigen</a>" not in page


def test_mail_that_was_given_up_is_told_to_superusers_while_they_can_do_something() -> None:
    def given_up(age: timedelta, **values: object) -> OutgoingMail:
        ended = timezone.now() - age
        return OutgoingMail.objects.create(to="weg@x.nl", state=State.GIVEN_UP, ended_at=ended, content=b"x", **values)

    boss = signed_in(UserFactory(superuser=True, with_totp=True))
    given_up(limits.MAIL_RETRY + timedelta(hours=1))
    given_up(timedelta(hours=1), expires_at=timezone.now() - timedelta(minutes=1))
    assert "opgegeven" not in shown(boss, START), "nobody can try these again"
    given_up(timedelta(hours=2), expires_at=timezone.now() + timedelta(days=1))
    assert "1 mail is opgegeven." in shown(boss, START)
    last = given_up(timedelta(hours=1))
    page = shown(boss, START)
    assert "2 mails zijn opgegeven." in page
    assert 'href="/beheer/wachtrij/">Bekijk waarom' in page
    assert "opgegeven" not in shown(worker("view_user", "reset_second_factor"), START)
    assert last.can_be_tried
    OutgoingMail.objects.update(state=State.WAITING, ended_at=None)
    assert "opgegeven" not in shown(boss, START)


def test_activity_shows_what_matters_and_counts_refusals() -> None:
    town = OrganisationFactory()
    client = worker("view_auditentry", organisation=town)
    person, elsewhere = UserFactory(organisation=town), UserFactory(organisation=OrganisationFactory())
    for one in (person, elsewhere):
        record(Event.RIGHTS_CHANGED, subject=one, origin=Origin())
        record(Event.PASSWORD_REFUSED, subject=one, origin=Origin(), succeeded=False)
        record(Event.DETAILS_CHANGED, subject=one, origin=Origin())
    card = shown(client, START).split('id="activity"')[1]
    assert card.count("Rechten gewijzigd") == 1
    assert "gegevens gewijzigd" not in card
    assert elsewhere.email not in card
    assert "1 keer inloggen geweigerd sinds gisteren" in card
    link = card.split('href="')[1:]
    found = next(one.split('"')[0] for one in link if "event=password_refused" in one)
    assert person.email in shown(client, found.replace("&amp;", "&"))


def test_queries_do_not_grow_with_people_organisations_and_entries() -> None:
    client = signed_in(UserFactory(superuser=True, with_totp=True))

    def fill(number: int) -> None:
        for _ in range(number):
            town = OrganisationFactory(second_step=SecondStep.REQUIRED, required_from=timezone.localdate())
            person = UserFactory(organisation=town, with_totp=True)
            Snapshot.objects.create(organisation=town, day=timezone.localdate(), people=1, protected=1)
            Connection.objects.create(organisation=town, issuer="https://x", client_id="x", enabled=True)
            HelpRequest.objects.create(user=person)
            record(Event.RIGHTS_CHANGED, subject=person, origin=Origin())
            record(Event.SSO_SWITCHED_ON, subject=None, organisation=town, origin=Origin())

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(START).status_code == 200
        return len(asked)

    fill(4)
    few = queries()
    fill(8)
    assert queries() == few
    assert few <= 30
    page = " ".join(shown(client, START).split())
    assert "Alle 12 organisaties: 12 van 12 hebben een tweede stap" in page
    assert "Aan bij 12 van alle 12 organisaties" in page
    assert AuditEntry.objects.count() > 20


def test_old_lists_of_models_lead_to_the_page_itself() -> None:
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    assert client.get("/beheer/accounts/").url == "/beheer/accounts/user/"
    assert client.get("/beheer/environments/").url == START
    assert client.get("/beheer/bestaatniet/").status_code == 404
    assert signed_in(UserFactory(staff=True, with_totp=True)).get("/beheer/accounts/").status_code == 404
