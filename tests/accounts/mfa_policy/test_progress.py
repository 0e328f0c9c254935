"""How far organisations are: counts, chart, lists and files."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.mfa_policy.models import Snapshot
from accounts.mfa_policy.progress import chart, flows
from accounts.mfa_policy.progress.chart import Day
from accounts.organisations.models import Organisation, SecondStep
from tests.accounts.mfa_policy.test_change import manager
from tests.accounts.test_commands import run
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once, shown, signed_in

EXPORT = "/beheer/organisaties/voorbeeld/overzicht/zonder-tweede-stap/"
OVERVIEW = "/beheer/organisaties/voorbeeld/overzicht/"


@pytest.fixture
def town(db: None) -> Organisation:
    return OrganisationFactory(name="Gemeente Voorbeeld", slug="voorbeeld")


@pytest.fixture
def boss(db: None) -> Client:
    return signed_in(UserFactory(superuser=True, with_totp=True))


class TestSnapshots:
    def test_every_organisation_with_people_is_counted_once_a_day(self, town: Organisation) -> None:
        UserFactory.create_batch(2, organisation=town)
        UserFactory(organisation=town, with_totp=True)
        UserFactory(organisation=town, with_totp=True, is_active=False)
        OrganisationFactory()
        assert flows.take_snapshots() == 1
        UserFactory(organisation=town, with_totp=True)
        flows.take_snapshots()  # later on the same day: replaces
        only = Snapshot.objects.get()
        assert (only.organisation, only.day, only.people, only.protected) == (town, timezone.localdate(), 4, 2)

    def test_daily_command_takes_them(self, town: Organisation) -> None:
        UserFactory(organisation=town)
        assert "1 organisations are counted" in run("send_reminders")
        assert Snapshot.objects.count() == 1

    def test_old_ones_are_purged(self, town: Organisation) -> None:
        today = timezone.localdate()
        for age in (limits.SNAPSHOTS_KEPT.days, limits.SNAPSHOTS_KEPT.days + 1):
            Snapshot.objects.create(organisation=town, day=today - timedelta(days=age), people=1, protected=1)
        call_command("purge", verbosity=0)
        assert Snapshot.objects.get().day == today - limits.SNAPSHOTS_KEPT


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_leave_one_snapshot() -> None:
    UserFactory(organisation=OrganisationFactory())
    at_once([flows.take_snapshots] * 6)
    assert Snapshot.objects.count() == 1


class TestChart:
    FIRST = date(2027, 1, 1)

    def days(self, *shares: int) -> list[Day]:
        return [Day(self.FIRST + timedelta(days=number), 100, share) for number, share in enumerate(shares)]

    def draw(self, days: list[Day], required_from: date | None = None) -> chart.Chart | None:
        return chart.draw(days, since=self.FIRST, until=days[-1].day, required_from=required_from)

    def test_points_run_from_left_to_right_and_up_with_the_share(self) -> None:
        drawn = self.draw(self.days(0, 50, 100))
        assert drawn.line == "0,200 300,100 600,0"
        assert drawn.area == "0,200 0,200 300,100 600,0 600,200"

    def test_one_day_is_no_course(self) -> None:
        assert self.draw(self.days(10)) is None

    @pytest.mark.parametrize(("after", "x"), [(-1, None), (0, 0), (1, 300), (2, 600), (3, None)])
    def test_first_day_of_the_demand_is_marked_inside_the_drawing(self, after: int, x: int | None) -> None:
        assert self.draw(self.days(0, 50, 100), self.FIRST + timedelta(days=after)).first_day_x == x

    def test_table_has_the_newest_and_the_oldest_day_and_a_few_between(self) -> None:
        days = self.days(*range(90))
        rows = self.draw(days).rows
        assert (rows[0], rows[-1], len(rows)) == (days[-1], days[0], chart.ROWS)
        assert [row.day for row in chart.rows(days[:3])] == [day.day for day in reversed(days[:3])]

    def test_day_without_people_stands_at_nothing(self) -> None:
        drawn = self.draw([Day(self.FIRST, 0, 0), Day(self.FIRST + timedelta(days=1), 4, 4)])
        assert drawn.line == "0,200 600,0"
        assert str(drawn.rows[-1]) == "0%"


class TestOverview:
    def test_counts_names_and_last_sign_in(self, town: Organisation, boss: Client) -> None:
        seen = timezone.now() - timedelta(days=3)
        UserFactory(organisation=town, email="zonder@voorbeeld.nl", last_login=seen)
        UserFactory(organisation=town, email="nooit@voorbeeld.nl")
        UserFactory(organisation=town, email="met@voorbeeld.nl", with_totp=True)
        UserFactory(organisation=OrganisationFactory(), email="elders@voorbeeld.nl")
        page = shown(boss, OVERVIEW)
        assert "<dd>1 van 3 (33%)</dd>" in page
        assert f"<td>{date_format(timezone.localtime(seen), 'd-m-Y')}</td>" in page
        assert "zonder@voorbeeld.nl" in page
        assert "nooit@voorbeeld.nl" in page
        assert "met@voorbeeld.nl" not in page
        assert "elders@voorbeeld.nl" not in page

    def test_chart_has_a_text_and_a_table_for_who_does_not_see_it(self, town: Organisation, boss: Client) -> None:
        today = timezone.localdate()
        for age, protected in ((20, 1), (10, 4), (0, 8)):
            day = today - timedelta(days=age)
            Snapshot.objects.create(organisation=town, day=day, people=10, protected=protected)
        Organisation.objects.update(second_step=SecondStep.REQUIRED, required_from=today - timedelta(days=10))
        page = shown(boss, OVERVIEW)
        assert 'points="0,180 300,120 600,40"' in page
        assert "Mensen met een tweede stap: van 10% naar 80%." in page
        assert "De stippellijn is" in page
        assert page.count('<th scope="row">') == 3
        assert not re.search(r"\sstyle=|<style", page)

    def test_others_snapshots_and_those_of_long_ago_are_not_drawn(self, town: Organisation, boss: Client) -> None:
        today = timezone.localdate()
        for organisation, age in ((OrganisationFactory(), 1), (town, 95), (town, 1)):
            Snapshot.objects.create(organisation=organisation, day=today - timedelta(days=age), people=1, protected=1)
        assert "De grafiek komt als er op twee dagen is geteld." in shown(boss, OVERVIEW)

    def test_organisation_without_people_and_one_that_is_ready(self, town: Organisation, boss: Client) -> None:
        assert "Deze organisatie heeft nog geen mensen." in shown(boss, OVERVIEW)
        UserFactory(organisation=town, with_totp=True)
        assert "Iedereen heeft een tweede stap." in shown(boss, OVERVIEW)

    def test_list_shows_every_organisation_with_its_numbers(self, town: Organisation, boss: Client) -> None:
        UserFactory.create_batch(3, organisation=town)
        UserFactory(organisation=town, with_totp=True)
        OrganisationFactory(name="Wonen aan de Dijk")
        page = re.sub(r"\s+", " ", shown(boss, "/beheer/organisaties/"))
        assert (
            'Gemeente Voorbeeld</a></th><td>vrijwillig</td><td>niet verplicht</td><td class="number">4</td>'
            '<td class="number">1</td><td class="number">3</td><td class="number">25</td>' in page
        )
        assert "Wonen aan de Dijk" in page
        found = shown(boss, "/beheer/organisaties/?q=DIJK")
        assert "Wonen aan de Dijk" in found
        assert "Gemeente Voorbeeld" not in found

    def test_list_takes_the_same_few_queries_for_2_and_for_40(
        self, town: Organisation, boss: Client, django_assert_num_queries: object
    ) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        numbers = []
        for more in (1, 38):
            for organisation in OrganisationFactory.create_batch(more):
                UserFactory(organisation=organisation)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                boss.get("/beheer/organisaties/")
            numbers.append(len(queries))
        assert numbers[0] == numbers[1]


class TestExport:
    def rows(self, client: Client) -> list[list[str]]:
        answer = client.post(EXPORT)
        content = b"".join(answer.streaming_content)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer["Content-Disposition"]
        assert content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))

    def test_everybody_without_a_second_step_is_in_it_with_why(self, town: Organisation, boss: Client) -> None:
        with time_machine.travel("2026-11-20 08:15:00Z", tick=False):
            UserFactory(organisation=town, email="zonder@voorbeeld.nl", last_login=timezone.now())
        UserFactory(organisation=town, email="baas@voorbeeld.nl", staff=True)
        UserFactory(organisation=town, with_totp=True)
        UserFactory(organisation=OrganisationFactory())
        UserFactory(organisation=town, is_active=False)
        assert self.rows(boss) == [
            ["Naam", "E-mailadres", "Laatst ingelogd", "Situatie"],
            ["Per Soon", "baas@voorbeeld.nl", "", "in het beheer, daar is hij al verplicht"],
            ["Per Soon", "zonder@voorbeeld.nl", "2026-11-20 09:15", "de laatste 90 dagen ingelogd"],
        ]

    def test_no_cell_is_a_formula(self, town: Organisation, boss: Client) -> None:
        UserFactory(organisation=town, first_name='=HYPERLINK("http://kwaad")', last_name="", email="+a@voorbeeld.nl")
        name, address = self.rows(boss)[1][:2]
        assert (name, address) == ('\'=HYPERLINK("http://kwaad")', "'+a@voorbeeld.nl")

    def test_words_are_in_the_language_of_who_asked(self, town: Organisation) -> None:
        UserFactory(organisation=town)
        client = signed_in(UserFactory(superuser=True, with_totp=True, language="en"))
        assert self.rows(client)[0] == ["Name", "E-mail address", "Last signed in", "Situation"]
        assert self.rows(client)[1][3] == "has a password, never signed in"

    def test_it_is_recorded_with_how_many(self, town: Organisation) -> None:
        UserFactory.create_batch(3, organisation=town)
        person = manager(town)
        self.rows(signed_in(person))
        entry = AuditEntry.objects.get(event="people_exported")
        assert (entry.actor, entry.organisation) == (person, town)
        assert entry.detail == {"list": "without a second step", "people": 3}


def test_status_command_counts_every_organisation(town: Organisation) -> None:
    UserFactory(organisation=town, with_totp=True)
    person = UserFactory(organisation=town)
    OrganisationFactory(name="Leeg")
    text = run("two_factor_status")
    assert "Gemeente Voorbeeld: 1 of 2 have a second step (optional)" in text
    assert "Leeg: 0 of 0 have a second step (optional)" in text
    assert "it is not asked of this person" in run("two_factor_status", person.email)
    day = timezone.localdate()
    Organisation.objects.update(second_step=SecondStep.REQUIRED, required_from=day)
    assert f"Gemeente Voorbeeld: 1 of 2 have a second step (required from {day})" in run("two_factor_status")
    assert "it is asked of this person" in run("two_factor_status", person.email)
