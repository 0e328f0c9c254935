"""Demanding a passkey: whom it would stop, who may demand it, and what is told of it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.mfa_policy import statistics
from accounts.mfa_policy.models import PasskeyReminder
from accounts.mfa_policy.passkeys import coverage, flows
from accounts.mfa_policy.passkeys.coverage import Group
from accounts.mfa_policy.passkeys.flows import Choice, Outcome
from accounts.mfa_policy.reminders import flows as second_step
from accounts.mfa_policy.reminders import passkeys as reminders
from accounts.mfa_policy.reminders import schedule
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.organisations.models import Organisation, PasskeyFor, SecondStep, StaffPolicy
from tests.accounts.mfa_policy.test_change import HERE, at_provider, manager
from tests.conftest import mails
from tests.factories import OrganisationFactory, PasskeyFactory, UserFactory
from tests.pages import at_once, signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(name="Gemeente Voorbeeld", slug="voorbeeld")


def choice(whom: PasskeyFor, from_now: int = 0) -> Choice:
    return Choice(whom, timezone.localdate() + timedelta(days=from_now))


def knows_passkeys(person: User) -> User:
    """With a passkey that was used here."""
    PasskeyFactory(user=person, last_used_at=timezone.now())
    return person


def change(organisation: Organisation | None, wanted: Choice, actor: User, shown: str | None = None) -> Outcome:
    if organisation:
        organisation = Organisation.objects.get(pk=organisation.pk)
    seen = flows.dry_run(organisation, wanted).shown if shown is None else shown
    return flows.change(organisation, wanted, shown=seen, actor=actor, origin=HERE)


def query_of(wanted: Choice) -> dict[str, str]:
    return {"whom": wanted.whom.value, "first_day": str(wanted.first_day)}


def stored(organisation: Organisation | None) -> Choice:
    return flows.present(Organisation.objects.get(pk=organisation.pk) if organisation else None)


class TestWhomItGoverns:
    def test_everybody_governed_is_counted_in_one_group(self, town: Organisation) -> None:
        PasskeyFactory(user=UserFactory(organisation=town))
        PasskeyFactory(user=UserFactory(organisation=town, with_totp=True))
        UserFactory.create_batch(3, organisation=town, with_totp=True)
        UserFactory.create_batch(2, organisation=town)
        UserFactory(organisation=town, is_active=False)
        newcomer = UserFactory(organisation=town)
        newcomer.set_unusable_password()
        newcomer.save()
        manager(town)
        at_provider(town)
        UserFactory(organisation=town, superuser=True)  # outranks the organisation
        found = coverage.of(town, PasskeyFor.EVERYBODY)
        assert found.counts == {
            Group.WITH_PASSKEY: 2,
            Group.EMERGENCY: 0,
            Group.AT_PROVIDER: 1,
            Group.ALSO_WITH_APP: 0,
            Group.WITH_APP: 4,
            Group.WITHOUT: 2,
            Group.NOT_ACTIVATED: 1,
        }
        assert (found.people, found.stopped, found.administrators) == (10, 7, 1)
        listed = {group: coverage.people_in(town, PasskeyFor.EVERYBODY, group).count() for group in Group}
        assert listed == found.counts
        assert coverage.of(town, PasskeyFor.STAFF).people == 1
        assert coverage.of(None, PasskeyFor.STAFF).people == 2
        assert coverage.of(town, PasskeyFor.NOBODY).people == 0

    @pytest.mark.parametrize("whom", [PasskeyFor.STAFF, PasskeyFor.EVERYBODY])
    def test_whom_the_list_names_is_who_is_asked(self, town: Organisation, whom: PasskeyFor) -> None:
        people = [UserFactory(organisation=town), manager(town), UserFactory(organisation=town, superuser=True)]
        people += [UserFactory(organisation=town, in_support=True), UserFactory()]
        Organisation.objects.update(passkey_for=whom, passkey_from=timezone.localdate())
        listed = set(coverage.governed(stored_row(town), whom))
        asked = {
            one for one in User.objects.filter(membership__organisation=town) if sign_in_policy.must_use_passkey(one)
        }
        assert listed == asked
        assert people[2] not in asked  # it must not lock out those with more rights
        assert not sign_in_policy.must_use_passkey(people[4])

    def test_of_the_portal_and_the_organisation_the_first_day_counts(self, town: Organisation) -> None:
        worker, early, late = manager(town), timezone.localdate(), timezone.localdate() + timedelta(days=9)
        Organisation.objects.update(passkey_for=PasskeyFor.STAFF, passkey_from=late)
        StaffPolicy.objects.create(passkey_from=early)
        found = sign_in_policy.passkey_requirement_for(User.objects.get(pk=worker.pk))
        assert found == sign_in_policy.Requirement("", early)
        assert not sign_in_policy.must_use_passkey(UserFactory(organisation=town))


def stored_row(organisation: Organisation) -> Organisation:
    return Organisation.objects.get(pk=organisation.pk)


class TestSaving:
    @pytest.mark.parametrize("of_staff", [False, True])
    def test_it_is_stored_recorded_and_mailed(self, town: Organisation, of_staff: bool) -> None:
        organisation, boss = (None if of_staff else town), knows_passkeys(UserFactory(superuser=True))
        colleague = UserFactory(superuser=True)
        wanted = choice(PasskeyFor.STAFF, 14)
        assert change(organisation, wanted, boss) is Outcome.SAVED
        assert stored(organisation) == wanted
        entry = AuditEntry.objects.get(event="demand_changed")
        assert (entry.actor, entry.organisation) == (boss, organisation)
        assert entry.detail["after"] == f"passkey staff {wanted.first_day}"
        assert colleague.email in [mail.to[0] for mail in mails()]
        assert change(organisation, Choice(), UserFactory(superuser=True)) is Outcome.SAVED  # withdrawn by anybody
        assert stored(organisation) == Choice()

    # The last administrator gets in: whoever demands it knows that passkeys work here.
    @pytest.mark.parametrize("of_staff", [False, True])
    @pytest.mark.parametrize("unused", [False, True])
    def test_nobody_demands_what_they_have_not_used_here(
        self, town: Organisation, of_staff: bool, unused: bool
    ) -> None:
        organisation, boss = (None if of_staff else town), UserFactory(superuser=True)
        if unused:
            PasskeyFactory(user=boss)
        assert change(organisation, choice(PasskeyFor.STAFF), boss) is Outcome.NO_OWN_PASSKEY
        assert stored(organisation) == Choice()

    @pytest.mark.parametrize(
        ("from_now", "outcome"),
        [(-1, Outcome.IN_THE_PAST), (0, Outcome.SAVED), (730, Outcome.SAVED), (731, Outcome.TOO_FAR)],
    )
    def test_first_day_is_today_or_within_two_years(self, town: Organisation, from_now: int, outcome: Outcome) -> None:
        boss = knows_passkeys(UserFactory(superuser=True))
        assert change(town, choice(PasskeyFor.EVERYBODY, from_now), boss) is outcome

    def test_only_what_was_shown_is_saved(self, town: Organisation) -> None:
        boss, wanted = knows_passkeys(UserFactory(superuser=True)), choice(PasskeyFor.EVERYBODY)
        seen = flows.dry_run(town, wanted).shown
        UserFactory(organisation=town)
        assert change(town, wanted, boss, seen) is Outcome.CHANGED_MEANWHILE
        assert change(town, wanted, boss) is Outcome.SAVED
        assert change(town, wanted, boss) is Outcome.UNCHANGED

    def test_whom_a_choice_releases_is_shown_and_mailed(self, town: Organisation) -> None:
        """A demand that is in force is widened without a gap by keeping its day."""
        boss, worker = knows_passkeys(UserFactory(superuser=True, with_totp=True)), manager(town)
        UserFactory(organisation=town)
        day = timezone.localdate() - timedelta(days=40)
        Organisation.objects.update(passkey_for=PasskeyFor.STAFF, passkey_from=day)
        later = choice(PasskeyFor.EVERYBODY, 30)
        page = text(signed_in(boss).get("/beheer/organisaties/voorbeeld/passkey/", query_of(later)))
        assert "Van <strong>1 persoon</strong> wordt nu een passkey gevraagd" in page
        assert change(town, later, boss) is Outcome.SAVED
        assert "was een passkey verplicht voor 1 persoon" in mails()[-1].body
        Organisation.objects.update(passkey_for=PasskeyFor.STAFF, passkey_from=day)
        seen = flows.dry_run(stored_row(town), Choice(PasskeyFor.EVERYBODY, day))
        assert (seen.released, seen.coverage.stopped, seen.stops_today, seen.reminders) == (0, 2, True, None)
        assert change(town, Choice(PasskeyFor.EVERYBODY, day - timedelta(days=1)), boss) is Outcome.IN_THE_PAST
        assert change(town, Choice(PasskeyFor.EVERYBODY, day), boss) is Outcome.SAVED
        assert sign_in_policy.must_use_passkey(User.objects.get(pk=worker.pk))
        assert flows.dry_run(stored_row(town), Choice(PasskeyFor.STAFF, day)).released == 1
        assert flows.dry_run(stored_row(town), Choice()).released == 2

    def test_each_demands_it_of_those_below_them_only(self, town: Organisation) -> None:
        wanted, own = choice(PasskeyFor.STAFF), knows_passkeys(manager(town))
        other = knows_passkeys(manager(OrganisationFactory()))
        assert change(town, wanted, other) is Outcome.NOT_ALLOWED
        assert change(None, wanted, own) is Outcome.NOT_ALLOWED
        assert change(town, wanted, knows_passkeys(UserFactory(organisation=town))) is Outcome.NOT_ALLOWED
        assert change(town, wanted, own) is Outcome.SAVED

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_one_is_saved(self, town: Organisation) -> None:
        boss, wanted = knows_passkeys(UserFactory(superuser=True)), choice(PasskeyFor.STAFF)
        seen = flows.dry_run(None, wanted).shown
        outcomes = at_once([lambda: change(None, wanted, boss, seen)] * 2)
        assert sorted(one.name for one in outcomes) == ["SAVED", "UNCHANGED"]
        assert AuditEntry.objects.filter(event="demand_changed").count() == 1


class TestPages:
    def test_organisation_is_chosen_shown_and_saved(self, town: Organisation) -> None:
        boss = knows_passkeys(manager(town))
        person = UserFactory(organisation=town, with_totp=True, email="app@voorbeeld.nl")
        client, page = signed_in(boss), "/beheer/organisaties/voorbeeld/passkey/"
        assert "nu: niet verplicht" in text(client.get(page))
        day = (timezone.localdate() + timedelta(days=20)).isoformat()
        query = {"whom": "everybody", "first_day": day}
        seen = client.get(page, query | {"groep": "app"})
        assert person.email in text(seen)
        assert seen.context["found"].coverage.stopped == 1
        answer = client.post(page, query | {"shown": seen.context["found"].shown})
        assert answer.url == "/beheer/organisaties/voorbeeld/overzicht/"
        assert stored(town).whom is PasskeyFor.EVERYBODY
        assert "verplicht voor iedereen vanaf" in text(client.get(answer.url))
        assert "Hier zie je wie" in (mail := mails()[-1].body)  # on the same page
        assert page in mail
        assert "?nu&groep=app" in text(client.get(page))
        assert person.email in text(client.get(page, {"nu": "", "groep": "app"}))
        assert change(town, Choice(), boss) is Outcome.SAVED
        assert "Bekijk wie geen passkey heeft" not in mails()[-1].alternatives[0][0]

    def test_overview_of_all_organisations_tells_which_demand_one(self, town: Organisation) -> None:
        Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=FIRST_DAY)
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        assert "<td>verplicht voor iedereen vanaf 3 maart 2027</td>" in text(client.get("/beheer/organisaties/"))

    @pytest.mark.parametrize(
        ("from_now", "sentence"),
        [(0, "Niemand krijgt vooraf een mail"), (3, "Wij mailen herinneringen: binnen een dag")],
    )
    def test_dry_run_tells_when_people_are_mailed(self, town: Organisation, from_now: int, sentence: str) -> None:
        UserFactory(organisation=town)
        client = signed_in(knows_passkeys(UserFactory(superuser=True, with_totp=True)))
        wanted = query_of(choice(PasskeyFor.EVERYBODY, from_now))
        assert sentence in text(client.get("/beheer/organisaties/voorbeeld/passkey/", wanted))

    def test_words_of_a_refusal_say_what_to_do(self, town: Organisation) -> None:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        day = timezone.localdate().isoformat()
        page = text(client.get("/beheer/passkey-beheerders/", {"whom": "staff", "first_day": day}))
        assert "Voeg eerst zelf een passkey toe" in page
        wrong = text(client.get("/beheer/passkey-beheerders/", {"whom": "everybody", "first_day": day}))
        assert "Maak een keuze." in wrong


FIRST_DAY = date(2027, 3, 3)


def days_before(number: int) -> time_machine.travel:
    noon = datetime.combine(FIRST_DAY - timedelta(days=number), time(12), tzinfo=timezone.get_default_timezone())
    return time_machine.travel(noon, tick=False)


class TestReminders:
    def test_who_has_none_hears_of_it_on_five_days_once(self, town: Organisation) -> None:
        Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=FIRST_DAY)
        StaffPolicy.objects.create(passkey_from=FIRST_DAY)  # of the same person twice
        person = manager(town)
        PasskeyFactory(user=UserFactory(organisation=town))
        told = []
        for number in (40, 30, 29, 14, 7, 1, 0, -4):
            with days_before(number):
                told += [number] * reminders.send_all()
                assert reminders.send_all() == 0
        assert told == [30, 14, 7, 1, 0]
        assert {row.user for row in PasskeyReminder.objects.all()} == {person}
        assert AuditEntry.objects.filter(event="reminded", detail__factor="passkey").count() == 5

    def test_superuser_is_reminded_of_the_demand_of_the_portal_only(self, town: Organisation) -> None:
        UserFactory(organisation=town, superuser=True, with_totp=True)
        Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=FIRST_DAY)
        with days_before(7):
            assert reminders.send_all() == 0
            StaffPolicy.objects.create(passkey_from=FIRST_DAY)
            assert reminders.send_all() == 1
            assert "het beheer" in mails()[-1].body


class TestAnotherHost:
    """Passkeys belong to the host of PUBLIC_URL: on another one nobody has one."""

    def test_nothing_is_demanded_where_browsers_have_none(self, town: Organisation, settings: object) -> None:
        actor, person = knows_passkeys(manager(town)), UserFactory(organisation=town, with_totp=True)
        change(town, choice(PasskeyFor.EVERYBODY), actor)
        person = User.objects.get(pk=person.pk)
        assert sign_in_policy.must_use_passkey(person)
        settings.PUBLIC_URL = "http://192.0.2.1"
        assert not sign_in_policy.must_use_passkey(person)
        assert not sign_in_policy.is_required(person)
        assert change(town, choice(PasskeyFor.STAFF), actor) is Outcome.NONE_HERE

    def test_console_withdraws_every_demand(self, town: Organisation) -> None:
        boss, actor = knows_passkeys(UserFactory(superuser=True)), knows_passkeys(manager(town))
        change(town, choice(PasskeyFor.EVERYBODY, 9), actor)
        change(None, choice(PasskeyFor.STAFF), boss)
        said, before = StringIO(), Counter(mail.to[0] for mail in mails())
        with pytest.raises(CommandError, match="reason"):
            call_command("withdraw_passkey_demand", reason=" ")
        call_command("withdraw_passkey_demand", reason="andere host", stdout=said)
        assert "2 demands" in said.getvalue()
        assert stored(town) == stored(None) == Choice()
        entries = AuditEntry.objects.filter(event="demand_changed", reason="andere host")
        assert {(entry.actor_name, entry.organisation) for entry in entries} == {
            ("manage.py", None),
            ("manage.py", town),
        }
        assert Counter(mail.to[0] for mail in mails()) - before == {boss.email: 1, actor.email: 1}
        assert flows.withdraw_all("nog eens", HERE) == 0

    def test_of_two_demands_the_first_day_is_told(self, town: Organisation) -> None:
        worker, early = manager(town), FIRST_DAY - timedelta(days=7)
        Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=early)
        StaffPolicy.objects.create(passkey_from=FIRST_DAY)
        for number in (14, 7, 0):
            with days_before(number):
                reminders.send_all()
        assert {row.required_from for row in PasskeyReminder.objects.filter(user=worker)} == {early}

    @pytest.mark.parametrize(("passkey_days_later", "mailed"), [(-1, False), (0, False), (1, True)])
    def test_whoever_adds_a_passkey_by_then_sets_up_no_app(
        self, town: Organisation, passkey_days_later: int, mailed: bool
    ) -> None:
        person, newcomer = UserFactory(organisation=town), UserFactory(organisation=town)
        newcomer.set_unusable_password()
        newcomer.save()
        day = FIRST_DAY + timedelta(days=passkey_days_later)
        Organisation.objects.update(second_step=SecondStep.REQUIRED, required_from=FIRST_DAY, passkey_from=day)
        Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY)
        with days_before(7):
            planned, row = schedule.of(FIRST_DAY), stored_row(town)
            assert planned
            number = schedule.first_reaches(row, FIRST_DAY, planned, statistics.coverage(row))
            sent = second_step.send_all()
        reached = {mail.to[0] for mail in mails()}
        assert (person.email in reached, newcomer.email in reached) == (mailed, True)
        assert number == len(reached) == sent.reminded + sent.invited
