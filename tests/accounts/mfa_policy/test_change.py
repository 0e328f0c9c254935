"""Changing what an organisation demands: what was shown is what is saved, by whom may, once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.contrib.auth.models import Group as Rights
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.mfa_policy import statistics
from accounts.mfa_policy.requirement import flows
from accounts.mfa_policy.requirement.flows import Choice, Outcome
from accounts.mfa_policy.statistics import WITHOUT, Group
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.sso.models import Connection, Identity
from tests.conftest import mails
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory, support_group
from tests.pages import at_once

HERE = Origin("127.0.0.1", "Testbrowser")


def day(from_now: int) -> Choice:
    return Choice(SecondStep.REQUIRED, timezone.localdate() + timedelta(days=from_now))


def manager(organisation: Organisation | None, **traits: object) -> User:
    """Somebody of the group Organisatiebeheer."""
    support_group()
    person = UserFactory(staff=True, with_totp=True, organisation=organisation, **traits)
    person.groups.add(Rights.objects.get(name="Organisatiebeheer"))
    return User.objects.get(pk=person.pk)


def at_provider(organisation: Organisation) -> None:
    """Somebody whose second factor is at the provider of the organisation."""
    connection = Connection.objects.create(
        organisation=organisation,
        issuer="https://login.voorbeeld.nl",
        client_id="x",
        enabled=True,
        vouching="agreement",
    )
    person = UserFactory(organisation=organisation)
    Identity.objects.create(user=person, organisation=organisation, issuer=connection.issuer, subject="1")


def change(organisation: Organisation, choice: Choice, actor: User, shown: str | None = None) -> Outcome:
    seen = flows.dry_run(organisation, choice).shown if shown is None else shown
    return flows.change(organisation, choice, shown=seen, actor=actor, origin=HERE)


def stored(organisation: Organisation) -> Choice:
    return Choice.of(Organisation.objects.get(pk=organisation.pk))


@pytest.mark.django_db
class TestChoice:
    @pytest.mark.parametrize(
        ("from_now", "outcome"),
        [(-1, Outcome.IN_THE_PAST), (0, None), (1, None), (730, None), (731, Outcome.TOO_FAR)],
    )
    def test_first_day_is_today_or_within_two_years(self, from_now: int, outcome: Outcome | None) -> None:
        assert flows.refusal(OrganisationFactory(), day(from_now)) is outcome

    def test_business_account_only_would_shut_everybody_out_without_single_sign_on(self) -> None:
        organisation = OrganisationFactory()
        choice = Choice(SecondStep.BUSINESS_ACCOUNT)
        assert flows.refusal(organisation, choice) is Outcome.NO_BUSINESS_ACCOUNT
        assert change(organisation, choice, UserFactory(superuser=True)) is Outcome.NO_BUSINESS_ACCOUNT
        assert stored(organisation) == Choice(SecondStep.OPTIONAL)

    def test_what_holds_already_is_no_change_also_when_its_day_is_over(self) -> None:
        organisation = OrganisationFactory(
            second_step=SecondStep.REQUIRED, required_from=timezone.localdate() - timedelta(days=90)
        )
        assert flows.refusal(organisation, Choice.of(organisation)) is Outcome.UNCHANGED


@pytest.mark.django_db
class TestCoverage:
    def test_everybody_who_is_active_is_counted_once(self) -> None:
        organisation, now = OrganisationFactory(), timezone.now()
        for known, last_login in ((3, now - timedelta(days=89)), (2, now - timedelta(days=91)), (1, None)):
            UserFactory.create_batch(known, organisation=organisation, last_login=last_login)
        UserFactory(organisation=organisation, with_totp=True)
        UserFactory(organisation=organisation, staff=True)
        UserFactory(organisation=organisation, staff=True, with_totp=True)
        UserFactory(organisation=organisation, is_active=False)
        UserFactory(organisation=OrganisationFactory())
        newcomer = UserFactory(organisation=organisation)
        newcomer.set_unusable_password()
        newcomer.save()
        AuthenticatorFactory(user=UserFactory(organisation=organisation), confirmed=False)  # never finished
        at_provider(organisation)
        found = statistics.coverage(organisation)
        assert found.counts == {
            Group.PROTECTED: 2,
            Group.STAFF: 1,
            Group.AT_PROVIDER: 1,
            Group.NOT_ACTIVATED: 1,
            Group.RECENT: 3,
            Group.LONG_AGO: 2,
            Group.NEVER_SIGNED_IN: 2,
        }
        assert (found.people, found.protected, found.without, found.affected) == (12, 2, 10, 8)
        listed = {group: statistics.people_in(organisation, group).count() for group in Group}
        assert listed == found.counts
        for group in WITHOUT:
            people = statistics.with_group(statistics.people_in(organisation, group), organisation)
            assert {person.group for person in people} == {group.value}
        assert statistics.totals()[organisation.pk] == statistics.Totals(12, 2)

    def test_number_of_days_in_the_label_is_the_limit(self) -> None:
        from accounts import limits

        assert f"{limits.DEMAND_RECENT.days} dagen" in str(Group.RECENT.label)

    def test_hundred_percent_means_everybody(self) -> None:
        assert statistics.Totals(1000, 999).percentage == 99
        assert statistics.Totals(0, 0).percentage == 0


@pytest.mark.django_db
class TestSaving:
    def test_it_is_stored_and_recorded_with_before_and_after(self) -> None:
        organisation = OrganisationFactory()
        UserFactory(organisation=organisation)
        boss = UserFactory(superuser=True)
        assert change(organisation, day(14), boss) is Outcome.SAVED
        assert stored(organisation) == day(14)
        entry = AuditEntry.objects.get(event="demand_changed")
        assert (entry.actor, entry.organisation, entry.subject) == (boss, organisation, None)
        assert entry.detail == {"before": "optional", "after": f"required {day(14).required_from}", "without": 1}

    def test_back_to_optional_leaves_no_date_behind(self) -> None:
        organisation = OrganisationFactory(second_step=SecondStep.REQUIRED, required_from=timezone.localdate())
        assert change(organisation, Choice(SecondStep.OPTIONAL), UserFactory(superuser=True)) is Outcome.SAVED
        assert stored(organisation) == Choice(SecondStep.OPTIONAL, None)

    def test_administrators_of_the_organisation_are_told_in_their_language(
        self, django_capture_on_commit_callbacks: object
    ) -> None:
        organisation = OrganisationFactory(name="Gemeente Voorbeeld")
        dutch, english = manager(organisation), manager(organisation, language="en")
        manager(OrganisationFactory())  # of another organisation
        manager(organisation, is_active=False)
        UserFactory(staff=True, organisation=organisation)  # without the right
        with django_capture_on_commit_callbacks(execute=True):
            change(organisation, Choice(SecondStep.REQUIRED, timezone.localdate()), dutch)
        sent = {message.to[0]: message for message in mails()}
        assert set(sent) == {dutch.email, english.email}
        assert "De tweede stap was: vrijwillig." in sent[dutch.email].body
        assert "De tweede stap is nu: verplicht vanaf" in sent[dutch.email].body
        assert "A second step is now: required from" in sent[english.email].body
        assert dutch.email in sent[english.email].body

    def test_superusers_hear_what_otherwise_its_maker_alone_would_know(
        self, django_capture_on_commit_callbacks: object
    ) -> None:
        organisation, ours = OrganisationFactory(), UserFactory(superuser=True)
        alone = manager(organisation)
        with django_capture_on_commit_callbacks(execute=True):
            change(organisation, day(3), alone)
        assert {message.to[0] for message in mails()} == {alone.email, ours.email}

    @pytest.mark.parametrize("who", ["stranger", "other", "without the right", "inactive"])
    def test_who_may_not_changes_nothing(self, who: str) -> None:
        organisation = OrganisationFactory()
        actor = {
            "stranger": lambda: manager(None),
            "other": lambda: manager(OrganisationFactory()),
            "without the right": lambda: UserFactory(staff=True, organisation=organisation),
            "inactive": lambda: manager(organisation, is_active=False),
        }[who]()
        assert change(organisation, day(3), actor) is Outcome.NOT_ALLOWED
        assert stored(organisation) == Choice(SecondStep.OPTIONAL)
        assert not AuditEntry.objects.filter(event="demand_changed").exists()

    def test_manager_changes_the_own_organisation(self) -> None:
        organisation = OrganisationFactory()
        assert change(organisation, day(3), manager(organisation)) is Outcome.SAVED


@pytest.mark.django_db
class TestWhatWasShown:
    """Somebody who confirms has seen whom it stops; whatever changed since is shown again first."""

    def shown(self, organisation: Organisation, choice: Choice) -> str:
        return flows.dry_run(organisation, choice).shown

    def test_another_person_in_a_group_asks_for_another_look(self) -> None:
        organisation, boss = OrganisationFactory(), UserFactory(superuser=True)
        person = UserFactory(organisation=organisation)
        seen = self.shown(organisation, day(0))
        AuthenticatorFactory(user=person)
        assert change(organisation, day(0), boss, seen) is Outcome.CHANGED_MEANWHILE
        UserFactory(organisation=organisation)  # the counts are what they were, the people are not
        AuthenticatorFactory(user=UserFactory(organisation=organisation))
        assert change(organisation, day(0), boss, seen) is Outcome.CHANGED_MEANWHILE
        assert stored(organisation) == Choice(SecondStep.OPTIONAL)

    def test_swapped_people_with_equal_counts_ask_for_another_look(self) -> None:
        organisation, boss = OrganisationFactory(), UserFactory(superuser=True)
        leaving = UserFactory(organisation=organisation)
        seen = self.shown(organisation, day(0))
        leaving.membership.delete()
        UserFactory(organisation=organisation)
        assert change(organisation, day(0), boss, seen) is Outcome.CHANGED_MEANWHILE

    def test_another_demand_in_between_asks_for_another_look(self) -> None:
        organisation, boss = OrganisationFactory(), UserFactory(superuser=True)
        seen = self.shown(organisation, day(9))
        change(organisation, day(30), boss)
        assert change(organisation, day(9), boss, seen) is Outcome.CHANGED_MEANWHILE
        assert stored(organisation) == day(30)

    def test_confirmation_is_for_one_choice_and_one_organisation(self) -> None:
        one, other, boss = OrganisationFactory(), OrganisationFactory(), UserFactory(superuser=True)
        UserFactory(organisation=other)
        assert change(one, day(5), boss, self.shown(one, day(6))) is Outcome.CHANGED_MEANWHILE
        assert change(other, day(5), boss, self.shown(one, day(5))) is Outcome.CHANGED_MEANWHILE
        assert change(one, day(5), boss, "zomaar") is Outcome.CHANGED_MEANWHILE

    def test_what_was_shown_yesterday_is_over(self) -> None:
        organisation, boss = OrganisationFactory(), UserFactory(superuser=True)
        choice = day(5)
        seen = self.shown(organisation, choice)
        with time_machine.travel(timezone.now() + timedelta(days=1)):
            assert change(organisation, choice, boss, seen) is Outcome.CHANGED_MEANWHILE
        with time_machine.travel(timezone.now() + timedelta(days=6)):
            assert change(organisation, choice, boss, seen) is Outcome.IN_THE_PAST


@pytest.mark.django_db(transaction=True)
def test_of_many_confirmations_at_once_one_is_saved() -> None:
    organisation, boss = OrganisationFactory(), UserFactory(superuser=True)
    UserFactory(organisation=organisation)
    choices = [day(number) for number in range(1, 9)]
    tasks = [partial(change, organisation, one, boss, flows.dry_run(organisation, one).shown) for one in choices]
    outcomes = at_once(tasks)
    assert outcomes.count(Outcome.SAVED) == 1
    assert outcomes.count(Outcome.CHANGED_MEANWHILE) == len(choices) - 1
    assert stored(organisation) == choices[outcomes.index(Outcome.SAVED)]
    assert AuditEntry.objects.filter(event="demand_changed").count() == 1
