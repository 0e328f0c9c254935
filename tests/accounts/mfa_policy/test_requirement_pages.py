"""Beheer > Organisaties > Tweede stap bij het inloggen: choose, look, confirm."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.passwords import flows as passwords
from tests.accounts.mfa_policy.test_change import manager
from tests.conftest import outlive_proof
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db

PAGES = ("overzicht/", "tweede-stap/", "tweede-stap/controle/?second_step=required&required_from={day}")
POSTS = ("overzicht/zonder-tweede-stap/", "tweede-stap/opslaan/")


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(name="Gemeente Voorbeeld", slug="voorbeeld")


@pytest.fixture
def boss() -> Client:
    return signed_in(UserFactory(superuser=True, with_totp=True))


def at(organisation: Organisation, page: str) -> str:
    return f"/beheer/organisaties/{organisation.slug}/{page}".format(day=iso(5))


def iso(from_now: int) -> str:
    return (timezone.localdate() + timedelta(days=from_now)).isoformat()


def invited(organisation: Organisation) -> None:
    """Somebody who never chose a password."""
    person = UserFactory(organisation=organisation)
    person.set_unusable_password()
    person.save()


def choice(second_step: str = "required", day: str = "") -> dict[str, str]:
    return {"second_step": second_step, "required_from": day}


def look(client: Client, organisation: Organisation, values: dict[str, str]) -> str:
    return text(client.get(at(organisation, "tweede-stap/controle/"), values, follow=True))


def confirmation(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(second_step|required_from|shown)" value="([^"]*)">', page))


def confirm(client: Client, organisation: Organisation, values: dict[str, str]) -> str:
    return shown(client, at(organisation, "tweede-stap/opslaan/"), values)


def stored(organisation: Organisation) -> tuple[str, object]:
    organisation.refresh_from_db()
    return organisation.second_step, organisation.required_from


class TestTheWholeWay:
    def test_choose_look_and_confirm(self, boss: Client, town: Organisation) -> None:
        UserFactory(organisation=town, email="jan@voorbeeld.nl", last_login=timezone.now())
        page = shown(boss, at(town, "tweede-stap/"))
        assert "Nu bij Gemeente Voorbeeld: vrijwillig." in page
        assert f'value="{iso(35)}"' in page, "all reminders lie ahead of the day that is suggested"
        page = look(boss, town, choice(day=iso(5)))
        assert "<strong>1 persoon</strong> heeft nog geen tweede stap." in page
        assert stored(town) == (SecondStep.OPTIONAL, None)
        page = confirm(boss, town, confirmation(page))
        assert "Opgeslagen." in page
        assert stored(town) == (SecondStep.REQUIRED, timezone.localdate() + timedelta(days=5))
        assert f"verplicht vanaf {date_format(town.required_from, 'j F Y')}" in page

    def test_today_is_allowed_with_a_warning_that_counts(self, boss: Client, town: Organisation) -> None:
        UserFactory.create_batch(2, organisation=town, last_login=timezone.now())
        invited(town)
        UserFactory(organisation=town, with_totp=True)
        page = look(boss, town, choice(day=iso(0)))
        assert "Dit gaat meteen in. <strong>3 mensen</strong> moeten" in page
        assert "Opgeslagen." in confirm(boss, town, confirmation(page))

    def test_today_without_anybody_to_stop_says_so(self, boss: Client, town: Organisation) -> None:
        UserFactory(organisation=town, with_totp=True)
        page = look(boss, town, choice(day=iso(0)))
        assert "Dit geldt meteen en houdt niemand tegen." in page
        assert "herinnering" not in page

    def test_later_day_counts_nobody_in_words(self, boss: Client, town: Organisation) -> None:
        page = look(boss, town, choice(day=iso(5)))
        assert "Dit houdt niemand tegen." in page
        assert "0 mensen" not in page

    def test_invited_people_who_never_came_are_counted_too(self, boss: Client, town: Organisation) -> None:
        invited(town)
        UserFactory(organisation=town, last_login=timezone.now() - timedelta(days=400))
        page = look(boss, town, choice(day=iso(40)))
        assert "<strong>2 mensen</strong> hebben nog geen tweede stap." in page
        assert "uitgenodigd, nog geen wachtwoord" in page
        assert "langer geleden ingelogd" in page

    def test_button_says_how_many_are_mailed_within_a_day(self, boss: Client, town: Organisation) -> None:
        UserFactory.create_batch(2, organisation=town)
        assert "Verplicht stellen en 2 mensen mailen" in look(boss, town, choice(day=iso(29)))
        assert "Verplicht stellen vanaf" in look(boss, town, choice(day=iso(31)))

    def test_who_has_a_fresh_invitation_is_not_counted_as_mailed(self, boss: Client, town: Organisation) -> None:
        UserFactory(organisation=town)
        invited(town)
        assert "Verplicht stellen en 2 mensen mailen" in look(boss, town, choice(day=iso(29)))
        assert passwords.invite(User.objects.get(password__startswith="!"), actor=None, origin=CONSOLE)
        assert "Verplicht stellen en 1 persoon mailen" in look(boss, town, choice(day=iso(29)))
        assert "Verplicht stellen en 1 persoon mailen" in look(boss, town, choice(day=iso(13))), "not on this day"

    def test_reminders_are_named_by_their_dates(self, boss: Client, town: Organisation) -> None:
        UserFactory(organisation=town)
        with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=timezone.get_default_timezone()), tick=False):
            client = signed_in(UserFactory(superuser=True, with_totp=True))
            page = look(client, town, choice(day="2027-03-12"))
            assert "Wij mailen herinneringen: binnen een dag, 5 maart, 11 maart en 12 maart." in page
            assert "De eerste gaat naar 1 persoon." in page
            page = look(client, town, choice(day="2028-01-10"))
            assert "11 december, 27 december, 3 januari 2028" in page

    def test_what_changed_meanwhile_is_shown_again(self, boss: Client, town: Organisation) -> None:
        page = look(boss, town, choice(day=iso(0)))
        UserFactory(organisation=town, email="erbij@voorbeeld.nl")
        again = confirm(boss, town, confirmation(page))
        assert "Er is intussen iets veranderd." in again
        assert "<strong>1 persoon</strong>" in again
        assert stored(town) == (SecondStep.OPTIONAL, None)
        assert "Opgeslagen." in confirm(boss, town, confirmation(again))

    def test_second_press_on_save_saves_nothing_twice(self, boss: Client, town: Organisation) -> None:
        values = confirmation(look(boss, town, choice(day=iso(3))))
        confirm(boss, town, values)
        assert "Zo staat het al." in confirm(boss, town, values)
        assert AuditEntry.objects.filter(event="demand_changed").count() == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            (choice(day=""), "Kies de eerste dag waarop het verplicht is."),
            (choice(day="03-13-2027"), "Vul de datum in als dag-maand-jaar"),
            (choice(day="\x00"), "Vul de datum in als dag-maand-jaar"),
            (choice(second_step=""), "Maak een keuze."),
            (choice(second_step="vreemd"), "Maak een keuze."),
            ({}, "Maak een keuze."),
            (choice("business_account"), "Inloggen met het zakelijke account werkt hier nog niet"),
            (choice("optional"), "Zo staat het al."),
        ],
    )
    def test_wrong_choice_leads_back_with_a_sentence(
        self, boss: Client, town: Organisation, values: dict[str, str], sentence: str
    ) -> None:
        page = look(boss, town, values)
        assert sentence in page
        assert "Bekijk wat er verandert" in page

    @pytest.mark.parametrize(("from_now", "sentence"), [(-1, "Deze dag is voorbij."), (731, "meer dan twee jaar")])
    def test_day_out_of_reach_keeps_what_was_typed(
        self, boss: Client, town: Organisation, from_now: int, sentence: str
    ) -> None:
        page = look(boss, town, choice(day=iso(from_now)))
        assert sentence in page
        assert f'value="{iso(from_now)}"' in page

    def test_date_is_read_as_the_dutch_write_it_too(self, boss: Client, town: Organisation) -> None:
        day = timezone.localdate() + timedelta(days=9)
        page = look(boss, town, choice(day=f"{day:%d-%m-%Y}"))
        assert confirmation(page)["required_from"] == day.isoformat()

    @pytest.mark.parametrize("day", [-1, 731])
    def test_confirmation_that_was_tampered_with_is_judged_again(
        self, boss: Client, town: Organisation, day: int
    ) -> None:
        values = confirmation(look(boss, town, choice(day=iso(5))))
        confirm(boss, town, values | {"required_from": iso(day)})
        confirm(boss, town, values | {"second_step": "business_account"})
        confirm(boss, town, values | {"required_from": iso(6)})
        confirm(boss, town, {"shown": "x"})
        confirm(boss, town, {})
        assert stored(town) == (SecondStep.OPTIONAL, None)

    def test_looking_at_the_address_that_saves_saves_nothing(self, boss: Client, town: Organisation) -> None:
        values = confirmation(look(boss, town, choice(day=iso(5))))
        for page in POSTS:
            assert boss.get(at(town, page), values).status_code == 405
        assert stored(town) == (SecondStep.OPTIONAL, None)


# ASVS 8.2.1, 8.4.1
class TestWhoMay:
    def statuses(self, client: Client, organisation: Organisation) -> list[int]:
        gets = [client.get(at(organisation, page)).status_code for page in PAGES]
        posts = [client.post(at(organisation, page), choice(day=iso(5))).status_code for page in POSTS]
        return gets + posts

    def test_manager_of_the_organisation_reaches_every_page(self, town: Organisation) -> None:
        assert self.statuses(signed_in(manager(town)), town) == [200, 200, 200, 200, 302]

    def test_other_organisation_does_not_exist_for_a_manager(self, town: Organisation) -> None:
        UserFactory(organisation=town, email="geheim@voorbeeld.nl")
        client = signed_in(manager(OrganisationFactory(name="Van mij")))
        assert self.statuses(client, town) == [404] * 5
        assert self.statuses(client, OrganisationFactory.build(slug="bestaat-niet")) == [404] * 5
        page = shown(client, "/beheer/organisaties/?q=")
        assert "Van mij" in page
        assert "Gemeente Voorbeeld" not in page
        assert "Gemeente Voorbeeld" not in shown(client, "/beheer/organisaties/?q=voorbeeld")
        assert stored(town) == (SecondStep.OPTIONAL, None)
        assert not AuditEntry.objects.filter(event__in=["people_exported", "demand_changed"]).exists()

    def test_manager_without_an_organisation_works_for_none(self, town: Organisation) -> None:
        assert self.statuses(signed_in(manager(None)), town) == [404] * 5

    def test_staff_without_the_rights_are_refused(self, town: Organisation) -> None:
        client = signed_in(UserFactory(staff=True, with_totp=True, organisation=town))
        assert self.statuses(client, town) == [403] * 5
        assert client.get("/beheer/organisaties/").status_code == 403

    def test_who_may_only_look_changes_nothing(self, town: Organisation) -> None:
        person = UserFactory(staff=True, with_totp=True, organisation=town)
        person.user_permissions.set(Permission.objects.filter(codename__in=["view_organisation", "view_user"]))
        client = signed_in(person)
        assert self.statuses(client, town) == [200, 403, 403, 200, 403]
        assert "tweede-stap/" not in shown(client, at(town, "overzicht/")).replace("zonder-tweede-stap/", "")

    def test_who_may_not_see_people_gets_counts_without_names(self, town: Organisation) -> None:
        UserFactory(organisation=town, email="geheim@voorbeeld.nl")
        person = UserFactory(staff=True, with_totp=True, organisation=town)
        person.user_permissions.set(Permission.objects.filter(codename="change_organisation"))
        page = look(signed_in(person), town, choice(day=iso(5)) | {"groep": "nooit-ingelogd"})
        assert "met een wachtwoord, nog nooit ingelogd" in page
        assert "geheim@voorbeeld.nl" not in page
        assert self.statuses(signed_in(UserFactory(organisation=town)), town) == [302] * 5

    def test_right_that_is_taken_away_is_gone_at_the_next_request(self, town: Organisation) -> None:
        person = manager(town)
        client = signed_in(person)
        values = confirmation(look(client, town, choice(day=iso(5))))
        person.groups.clear()
        assert client.post(at(town, "tweede-stap/opslaan/"), values).status_code == 403
        assert stored(town) == (SecondStep.OPTIONAL, None)


# ASVS 7.5.3
class TestFreshProof:
    @pytest.mark.parametrize("page", PAGES[1:])
    def test_pages_that_prepare_a_change_ask_for_it(self, town: Organisation, page: str) -> None:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        outlive_proof(client)
        assert client.get(at(town, page)).url.startswith("/bevestig-identiteit/")

    @pytest.mark.parametrize("page", POSTS)
    def test_changing_and_exporting_ask_for_it(self, town: Organisation, page: str) -> None:
        client = signed_in(UserFactory(superuser=True, with_totp=True))
        values = confirmation(look(client, town, choice(day=iso(5))))
        outlive_proof(client)
        assert client.post(at(town, page), values).url.startswith("/bevestig-identiteit/")
        assert stored(town) == (SecondStep.OPTIONAL, None)
        assert not AuditEntry.objects.filter(event="people_exported").exists()


class TestNames:
    def test_each_group_has_its_list(self, boss: Client, town: Organisation) -> None:
        UserFactory(organisation=town, email="nooit@voorbeeld.nl")
        AuthenticatorFactory(user=UserFactory(organisation=town, email="veilig@voorbeeld.nl"))
        assert "@voorbeeld.nl" not in look(boss, town, choice(day=iso(5)))
        page = look(boss, town, choice(day=iso(5)) | {"groep": "nooit-ingelogd"})
        assert "nooit@voorbeeld.nl" in page
        assert "veilig@voorbeeld.nl" not in page
        page = look(boss, town, choice(day=iso(5)) | {"groep": "met"})
        assert "veilig@voorbeeld.nl" in page
        assert "nooit@voorbeeld.nl" not in page

    def test_first_hundred_and_then_the_next(
        self, boss: Client, town: Organisation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert limits.NAMES_PAGE == 100
        monkeypatch.setattr(limits, "NAMES_PAGE", 2)
        for number in range(5):
            UserFactory(organisation=town, email=f"a{number}@voorbeeld.nl")
        never = choice(day=iso(5)) | {"groep": "nooit-ingelogd"}
        first, last = look(boss, town, never), look(boss, town, never | {"p": "3"})
        assert "Pagina 1 van 3" in first
        assert re.findall(r"a\d@", first) == ["a0@", "a1@"]
        assert re.findall(r"a\d@", last) == ["a4@"]
        following = re.search(r'rel="next" href="([^"#]+)', first)[1]
        assert re.findall(r"a\d@", shown(boss, at(town, "tweede-stap/controle/") + following)) == ["a2@", "a3@"]

    @pytest.mark.parametrize("query", [{"p": "0"}, {"p": "x"}, {"p": "9" * 40}, {"p": "-1"}, {"groep": "\x00"}])
    def test_rubbish_in_the_address_shows_a_page(self, boss: Client, town: Organisation, query: dict[str, str]) -> None:
        UserFactory(organisation=town)
        assert "Wat verandert er" in look(boss, town, choice(day=iso(5)) | query)
        assert boss.get(at(town, "overzicht/"), query).status_code == 200
        assert boss.get("/beheer/organisaties/", query | {"q": "\x00%_\\"}).status_code == 200

    def test_names_are_escaped(self, boss: Client, town: Organisation) -> None:
        UserFactory(organisation=town, first_name="<script>alert(1)</script>", last_name="")
        Organisation.objects.update(name="<b>Vet</b>")
        for page in PAGES:
            answer = boss.get(at(town, page)).content
            assert b"<script>alert" not in answer
            assert b"<b>Vet" not in answer


def test_pages_are_reached_from_the_organisation_in_the_administration(boss: Client, town: Organisation) -> None:
    page = shown(boss, f"/beheer/organisations/organisation/{town.pk}/change/")
    for part in ("overzicht/", "tweede-stap/"):
        assert f'href="{at(town, part)}"' in page
    assert 'href="/beheer/organisaties/"' in shown(boss, "/beheer/organisations/organisation/")


def test_administration_itself_cannot_change_the_demand(boss: Client, town: Organisation) -> None:
    values = {"name": town.name, "slug": town.slug, "colour": town.colour, "contact": ""}
    boss.post(
        f"/beheer/organisations/organisation/{town.pk}/change/",
        values | {"second_step": "required", "required_from": iso(0)},
    )
    assert stored(town) == (SecondStep.OPTIONAL, None)
