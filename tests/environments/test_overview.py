"""Mijn Omgevingen, and opening an environment."""

from __future__ import annotations

import gzip
import re

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import Organisation
from environments.models import Access, Environment
from tests.conftest import sign_in
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import browser, half_signed_in, shown, signed_in, text
from tests.statements import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return UserFactory()


def statements_for(person: User, count: int, owner: Organisation | None = None) -> list[str]:
    """``owner``: of all environments; without one each has its own."""
    owners = [owner] * count if owner else Organisation.objects.bulk_create(OrganisationFactory.build_batch(count))
    made = Environment.objects.bulk_create(
        EnvironmentFactory.build(organisation=one, slug=f"{person.pk}-{n}") for n, one in enumerate(owners)
    )
    Access.objects.bulk_create(Access(user=person, environment=environment) for environment in made)
    client = signed_in(person)
    client.get("/")
    with statements() as found:
        page = client.get("/")
    assert text(page).count('class="tile"') == min(count, limits.ENVIRONMENTS_PAGE)
    return found


OF_EVERY_PAGE = ["SELECT active_sessions_session"]  # with the person and the devices
ALL_TILES = "SELECT environments_access"
OWNERS = "SELECT organisations_organisation"
SHORTCUT = "SELECT environments_preferences"  # only where there is a search field


@pytest.mark.parametrize("with_totp", [False, True])
def test_overview_reads_the_session_the_device_and_the_tiles_once(with_totp: bool) -> None:
    few = statements_for(UserFactory(with_totp=with_totp), 3)
    assert few == [*OF_EVERY_PAGE, ALL_TILES]


def test_overview_asks_nothing_twice_of_whoever_has_a_full_page() -> None:
    full = statements_for(UserFactory(with_totp=True), limits.ENVIRONMENTS_PAGE)
    assert full == [*OF_EVERY_PAGE, ALL_TILES, SHORTCUT]


@pytest.mark.parametrize("with_totp", [False, True])
def test_overview_takes_the_same_few_statements_for_61_and_for_2000(with_totp: bool) -> None:
    for count in (limits.ENVIRONMENTS_PAGE + 1, 2000):
        many = statements_for(UserFactory(with_totp=with_totp), count)
        # The first in the index, counts, what was opened last, names of organisations, and what is on this page: here
        # the first again, so that their tiles need not be read.
        assert many == [*OF_EVERY_PAGE, *[ALL_TILES] * 3, OWNERS, ALL_TILES, SHORTCUT]


def test_overview_of_one_organisation_reads_the_first_page_with_counts_and_what_was_opened_last() -> None:
    many = statements_for(UserFactory(), 2000, owner=OrganisationFactory())
    assert many == [*OF_EVERY_PAGE, *[ALL_TILES] * 3, SHORTCUT]


def test_full_page_weighs_less_than_a_picture(person: User) -> None:
    organisation = OrganisationFactory()
    for _number in range(limits.ENVIRONMENTS_PAGE):
        EnvironmentFactory(
            organisation=organisation, description="Wegdek en bruggen met hun onderhoud.", people=[person]
        )
    page = signed_in(person).get("/").content
    assert page.count(b'class="tile"') == limits.ENVIRONMENTS_PAGE
    assert len(page) < 80_000
    assert len(gzip.compress(page)) < 8_000


def test_tile_shows_name_organisation_place_description_role_and_initials(person: User) -> None:
    organisation = OrganisationFactory(name="Gemeente Voorbeeld", colour="#1f6f54")
    names = {"name": "Wegen en bruggen", "place": "Dorp aan Zee", "description": "Viaducten en zo"}
    EnvironmentFactory(organisation=organisation, people=[person], people__role="editor", **names)
    page = shown(signed_in(person), "/")
    for part in (*names.values(), "Gemeente Voorbeeld", "bewerker", ">WB</text>", 'fill="#1f6f54"'):
        assert part in page
    assert "Gemeente Voorbeeld, Dorp aan Zee" not in page  # the one organisation stands above the tiles
    EnvironmentFactory(people=[person])
    assert "Gemeente Voorbeeld, Dorp aan Zee" in shown(signed_in(person), "/")


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Bomen en groen", "BG"), ("Wegen", "W"), ("a", "A"), ("(oud) Riolering", "R"), ("...", ""), ("é 1", "É1")],
)
def test_initials_are_of_the_first_and_last_word(name: str, initials: str) -> None:
    assert Environment(name=name).initials == initials


@pytest.mark.parametrize(("colour", "ink"), [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#ffee00", "#000000")])
def test_letters_contrast_with_the_colour(colour: str, ink: str) -> None:
    assert EnvironmentFactory.build(organisation=OrganisationFactory.build(colour=colour)).ink == ink


CHANGES = {
    "environments.Environment": {
        "name": "Andere naam",
        "slug": "ander-kort",
        "place": "Elders",
        "description": "Anders",
        "is_closed": True,
        "has_picture": True,
        "next_address": "https://nieuw.voorbeeld.nl/",
    },
    "organisations.Organisation": {"name": "Andere gemeente", "colour": "#ffee00"},
    "environments.Access": {"is_favourite": True, "role": "manager"},
}


@pytest.mark.parametrize(("label", "column"), [(label, column) for label, of in CHANGES.items() for column in of])
def test_remembered_tile_shows_each_change_at_once(person: User, label: str, column: str) -> None:
    one = EnvironmentFactory(people=[person], next_address_at=timezone.now())
    EnvironmentFactory(people=[person])  # of another organisation, so that both are named
    client = signed_in(person)
    before = client.get("/").content
    assert client.get("/").content.count(b"tile__name") == before.count(b"tile__name") == 2
    row = one.organisation if label.startswith("organisations") else one
    rows = apps.get_model(label).objects.filter(**{"environment": one} if "Access" in label else {"pk": row.pk})
    rows.update(**{column: CHANGES[label][column]})
    tile = markup_of(client.get("/").content, one.slug if column != "slug" else "ander-kort")
    assert tile != markup_of(before, one.slug)


def test_remembered_tile_is_of_one_language(person: User) -> None:
    EnvironmentFactory(people=[person], people__role="editor")
    assert "bewerker" in shown(signed_in(person), "/")
    User.objects.filter(pk=person.pk).update(language="en")
    assert "editor" in shown(signed_in(User.objects.get(pk=person.pk)), "/")


def markup_of(page: bytes, slug: str) -> bytes:
    return page.partition(f'id="omgeving-{slug}"'.encode())[2].partition(b"</li>")[0]


def test_only_own_environments_are_shown(person: User) -> None:  # ASVS 8.4.1
    EnvironmentFactory(name="Van mij", people=[person])
    EnvironmentFactory(name="Van een ander", people=[UserFactory()])
    page = shown(signed_in(person), "/")
    assert "Van mij" in page
    assert "Van een ander" not in page


def test_names_are_escaped(person: User) -> None:  # ASVS 3.2.2
    EnvironmentFactory(name="<script>alert(1)</script>", description="<img src=x>", people=[person])
    page = signed_in(person).get("/").content
    assert b"<script>alert" not in page
    assert b"<img src=x" not in page


def test_who_has_none_reads_whom_to_ask() -> None:
    organisation = OrganisationFactory(name="Gemeente Voorbeeld", contact="de servicedesk, kamer 1.12")
    page = shown(signed_in(UserFactory(organisation=organisation)), "/")
    assert "Nog geen omgevingen" in page
    assert "Vraag het binnen Gemeente Voorbeeld: de servicedesk, kamer 1.12" in page


@pytest.mark.parametrize("member", [False, True])
def test_who_has_none_and_no_contact_asks_the_administrator(member: bool) -> None:
    person = UserFactory(organisation=OrganisationFactory() if member else None)
    page = shown(signed_in(person), "/")
    assert "Vraag het je beheerder." in page


def test_staff_without_environments_read_where_their_work_is() -> None:
    page = shown(signed_in(UserFactory(in_support=True, with_totp=True)), "/")
    assert "Je werk staat hier:" in page
    assert '<a class="button button--second" href="/beheer/support/">Supportdesk</a>' in page
    assert "Vraag het je beheerder." not in page


def test_gear_at_the_top_leads_to_personal_details(person: User) -> None:
    page = shown(signed_in(person), "/")
    assert page.index('class="gear" href="/persoonlijke-gegevens/"') < page.index('class="brand"')


def without_what_differs_each_time(answer: object) -> tuple[str, str]:
    """Page and headers without the number of the request, the nonce, tokens, and what is left of the session."""
    number, headers = answer["X-Request-ID"], "\n".join(f"{name}: {value}" for name, value in answer.items())
    nonce = re.search(r"'nonce-([^']+)'", headers)[1]
    assert text(answer).count(number) == 1
    page = re.sub(r'(name="csrfmiddlewaretoken" value|data-idle|data-overall|data-until)="[^"]*"', "", text(answer))
    return page.replace(number, "-"), headers.replace(number, "-").replace(nonce, "-")


def test_environment_of_another_is_exactly_like_one_that_is_not_there(person: User) -> None:  # ASVS 8.2.2
    EnvironmentFactory(slug="van-een-ander", people=[UserFactory()])
    client = signed_in(person)
    theirs, none = client.get("/omgevingen/van-een-ander/"), client.get("/omgevingen/bestaat-niet/")
    assert theirs.status_code == none.status_code == 404
    assert without_what_differs_each_time(theirs) == without_what_differs_each_time(none)
    assert not AuditEntry.objects.filter(event="environment_opened").exists()


def test_superuser_opens_only_own_environments_too() -> None:
    EnvironmentFactory(slug="van-een-ander")
    assert signed_in(UserFactory(superuser=True, with_totp=True)).get("/omgevingen/van-een-ander/").status_code == 404


def test_access_taken_away_works_at_the_next_request(person: User) -> None:  # ASVS 8.3.2
    EnvironmentFactory(slug="bomen", people=[person], people__told=True)
    client = signed_in(person)
    assert client.get("/omgevingen/bomen/").status_code == 302
    Access.objects.all().delete()
    assert client.get("/omgevingen/bomen/").status_code == 404
    assert "Nog geen omgevingen" in shown(client, "/")


def test_opening_is_a_link_and_nothing_else(person: User) -> None:
    EnvironmentFactory(slug="bomen", people=[person])
    client = signed_in(person)
    assert client.post("/omgevingen/bomen/").status_code == 405
    assert client.post("/").status_code == 405


def test_stranger_and_half_signed_in_person_are_asked_to_sign_in(client: Client) -> None:
    person = UserFactory(with_totp=True)
    EnvironmentFactory(slug="bomen", people=[person], people__told=True)
    for visitor in (browser(), half_signed_in(person)):
        assert visitor.get("/omgevingen/bomen/").url == "/inloggen/?next=/omgevingen/bomen/"
        assert visitor.get("/omgevingen/bestaat-niet/").url == "/inloggen/?next=/omgevingen/bestaat-niet/"
    sign_in(client, person)
    assert client.get("/omgevingen/bomen/").status_code == 302
