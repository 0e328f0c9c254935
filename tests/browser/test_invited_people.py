"""From a list that an administrator pastes to the first sign-in of somebody on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from playwright.sync_api import expect

from accounts import limits
from accounts.background import queues, running
from accounts.models import User
from accounts.organisations.models import SecondStep
from environments.models import Environment
from environments.people import import_processing
from environments.people.models import PeopleImport
from tests.background import run_tasks
from tests.browser import out_of_band
from tests.browser.screen import SET_UP, Phone, Screen
from tests.codes import code_of
from tests.environments.people.staff import administrator
from tests.factories import PASSWORD, EnvironmentFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

INVITED = "nieuwe.collega@voorbeeld.nl"


@pytest.fixture
def environment() -> Environment:
    return EnvironmentFactory(name="Bomen en groen", slug="bomen-en-groen", organisation__name="Gemeente Voorbeeld")


@pytest.fixture
def boss(screen: Screen, environment: Environment) -> User:
    return administrator(environment.organisation, email="beheer@voorbeeld.nl")


def confirm(screen: Screen, boss: User, text: str) -> None:
    """As the administrator does it: four clicks from the first page. Then the list waits for the worker."""
    screen.sign_in(boss.email, code_of(boss))
    screen.follow("Beheer")
    screen.follow("Collega's uitnodigen")
    screen.page.get_by_label("Plak de lijst").fill(text)
    screen.press("Bekijk de lijst")
    screen.page.get_by_role("button", name="Verstuur").click()
    expect(screen.page.get_by_role("progressbar")).to_be_visible()


def invite(screen: Screen, boss: User, text: str) -> None:
    """Confirm the list, and let the worker carry it out; the page goes on to the result by itself."""
    confirm(screen, boss, text)
    run_tasks()
    expect(screen.page.locator(".counts")).to_contain_text("uitgenodigd", timeout=60_000)


@pytest.mark.parametrize("script", [True, False])
def test_invited_person_comes_in_with_a_second_step_and_finds_the_environment(
    screen: Screen, elsewhere: Callable[..., Screen], environment: Environment, boss: User, script: bool
) -> None:
    organisation = environment.organisation
    organisation.second_step, organisation.required_from = SecondStep.REQUIRED, timezone.localdate()
    organisation.save()
    invite(screen, boss, f"E-mailadres;Voornaam;Omgevingen\n{INVITED};Nina;Bomen en groen\nfout")
    screen.page.get_by_text("“fout” is geen e-mailadres.").wait_for()

    person = elsewhere(java_script_enabled=script)
    person.open(out_of_band.mailed("wachtwoord-instellen"))
    password = "een heel andere lange zin"
    person.page.get_by_label("Nieuw wachtwoord", exact=True).fill(password)
    person.page.get_by_label("Nieuw wachtwoord, nog een keer").fill(password)
    person.press("Wachtwoord opslaan")
    person.heading("Inloggen")
    expect(person.field("E-mailadres")).to_have_value(INVITED)
    person.field("Wachtwoord", exact=True).fill(password)
    person.press("Inloggen")
    assert person.address == SET_UP
    person.says("Jouw organisatie vraagt om een tweede stap")
    for address in (
        "/",
        "/persoonlijke-gegevens/",
        "/omgevingen/bomen-en-groen/",
        "/persoonlijke-gegevens/wachtwoord/",
    ):
        person.open(address)
        assert person.address == SET_UP, f"{address} is open before the second step"
    person.give_code(Phone.scan(person.page).unused())
    person.open("/")
    person.heading("Mijn Omgevingen")
    person.says("Bomen en groen")


def test_bar_moves_without_a_click_until_every_mail_is_answered_for(screen: Screen, boss: User) -> None:
    confirm(screen, boss, "\n".join(f"p{number}@voorbeeld.nl;P;N;Bomen en groen" for number in range(60)))
    running.Runner("a test").run(Q(queue_name=queues.OTHER))
    assert User.objects.filter(email__startswith="p").count() == 60
    running.run(
        list(DBTaskResult.objects.ready().filter(queue_name=queues.BULK_MAIL).values_list("pk", flat=True)[:20])
    )
    expect(screen.page.get_by_role("progressbar")).to_have_attribute("value", "20")
    run_tasks()
    expect(screen.page.locator(".counts")).to_have_text("60 uitgenodigd")


def test_list_goes_on_by_itself_when_its_worker_died(screen: Screen, boss: User) -> None:
    confirm(screen, boss, "p1@voorbeeld.nl\np2@voorbeeld.nl")
    batch = PeopleImport.objects.get()
    assert import_processing.claim(batch.pk)
    DBTaskResult.objects.ready().filter(task_path__endswith="carry_out_list").update(status="FAILED")  # given up
    go_on = reverse("people_import_continue", args=[batch.pk])
    with screen.page.expect_response(f"**{go_on}"):  # nobody clicks
        PeopleImport.objects.update(held_until=timezone.now() - limits.IMPORT_LEASE)
    run_tasks()
    screen.says("2 uitgenodigd")


def test_person_is_added_and_deactivated_by_hand(screen: Screen, boss: User) -> None:
    screen.sign_in(boss.email, code_of(boss))
    screen.open("/beheer/accounts/user/add/")
    screen.page.get_by_label("E-mailadres").fill(INVITED)
    screen.page.get_by_label("Bomen en groen").check()
    screen.page.get_by_role("button", name="Opslaan", exact=True).click()
    screen.open("/beheer/accounts/user/?q=nieuwe")
    screen.follow(INVITED)
    expect(screen.page.get_by_label("Bomen en groen")).to_be_checked()
    screen.press("Stuur de uitnodiging opnieuw")
    expect(screen.page.get_by_text("Er is 1 uitnodiging verstuurd.")).to_be_visible()
    assert len(User.objects.filter(email=INVITED)) == 1
    screen.open("/beheer/accounts/user/?q=nieuwe")
    expect(screen.button("Deactiveer deze personen")).to_be_hidden()  # until somebody is chosen
    screen.page.locator("#result_list input.action-select").first.check()
    screen.press("Deactiveer deze personen")
    screen.press("Deactiveer 1 persoon")
    assert not User.objects.get(email=INVITED).is_active
    assert User.objects.get(email=INVITED).check_password(PASSWORD) is False


def test_filter_is_closed_by_escape_and_by_going_elsewhere(screen: Screen, boss: User) -> None:
    screen.sign_in(boss.email, code_of(boss))
    screen.open("/beheer/accounts/user/")
    opened = screen.page.locator(".filter[open]")
    name = screen.page.locator(".filter summary", has_text="Tweede stap")
    for leave in (
        lambda: screen.page.keyboard.press("Escape"),
        lambda: screen.page.get_by_role("heading", level=1).click(),
        lambda: screen.page.locator("#searchbar").focus(),
    ):
        name.press("Enter")
        expect(opened).to_have_count(1)
        leave()
        expect(opened).to_have_count(0)
    name.press("Enter")
    screen.page.locator(".filter[open]").get_by_role("link", name="aan", exact=True).click()
    expect(screen.page.locator("summary.filter__on")).to_have_text("Tweede stap: aan")
