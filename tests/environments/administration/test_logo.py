"""The logo of an organisation: who puts it there, what becomes of it, and who gets to see it."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import Organisation
from environments.administration import images
from environments.administration.image_conversion.refusals import Refusal
from environments.administration.image_conversion.results import Drawn
from environments.models import Access, Logo
from tests.environments.administration.test_images import picture
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db

PAGE = "/beheer/logo/dorp/"


@pytest.fixture
def organisation() -> Organisation:
    return OrganisationFactory(name="Gemeente Dorp", slug="dorp")


@pytest.fixture
def person(organisation: Organisation) -> User:
    person = UserFactory()
    EnvironmentFactory(organisation=organisation, people=[person])
    return person


@pytest.fixture
def boss(organisation: Organisation) -> Client:
    return signed_in(UserFactory(superuser=True, with_totp=True))


def upload(client: Client, content: bytes, **more: str) -> str:
    file = SimpleUploadedFile("logo.png", content, content_type="image/png")
    return text(client.post(PAGE, {"picture": file, **more}, follow=True))


def sources(page: str, name: str) -> list[str]:
    return [re.search(r'src="([^"]+)"', tag)[1] for tag in re.findall(rf'<img class="{name}"[^>]*>', page)]


@pytest.mark.parametrize(
    ("size", "drawn"),
    [((1600, 400), (480, 120)), ((400, 400), (144, 144)), ((60, 48), (180, 144)), ((2000, 60), (480, 14))],
)
def test_logo_is_drawn_whole(size: tuple[int, int], drawn: tuple[int, int]) -> None:
    found = images.redraw_logo(picture("PNG", size, mode="RGBA"))
    assert isinstance(found, Drawn)
    one = Image.open(io.BytesIO(found.webp))
    assert (one.format, one.mode, one.size, found[:2]) == ("WEBP", "RGB", drawn, drawn)


# ASVS 5.2.2
@pytest.mark.parametrize(
    ("uploaded", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", Refusal.NOT_A_PICTURE),
        (picture("GIF"), Refusal.NOT_A_PICTURE),
        (picture("PNG", (500, limits.LOGO_SHORTEST_SIDE - 1)), Refusal.TOO_SMALL),
    ],
)
def test_what_is_no_picture_or_too_small_is_refused(uploaded: bytes, why: Refusal) -> None:
    assert images.redraw_logo(uploaded) is why


def test_logo_stands_above_the_tiles_of_one_organisation(boss: Client, person: User) -> None:
    assert "Het logo is opgeslagen" in upload(boss, picture("PNG", (1600, 400)))
    page = shown(signed_in(person), "/")
    assert len(sources(page, "owner__logo")) == 1
    assert sources(page, "tile__logo") == []
    assert 'width="480" height="120"' in page


def test_logo_stands_on_the_tiles_where_organisations_differ(boss: Client, person: User) -> None:
    EnvironmentFactory(people=[person])
    upload(boss, picture())
    page = shown(signed_in(person), "/")
    assert (len(sources(page, "owner__logo")), len(sources(page, "tile__logo"))) == (0, 1)


def test_heading_with_the_organisation_has_its_logo_once(
    boss: Client, person: User, organisation: Organisation
) -> None:
    EnvironmentFactory(people=[person])
    EnvironmentFactory.create_batch(limits.ENVIRONMENTS_FEW, organisation=organisation, people=[person], place="Zee")
    upload(boss, picture())
    page = shown(signed_in(person), "/")
    assert len(sources(page, "tile__logo")) == 1
    assert "Gemeente Dorp, Zee" not in page


# ASVS 8.2.2
def test_only_who_may_open_an_environment_of_the_organisation_gets_it(boss: Client, person: User) -> None:
    upload(boss, picture())
    client = signed_in(person)
    source = sources(shown(client, "/"), "owner__logo")[0]
    answer = client.get(source)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-cache"}
    asked_again = {"If-None-Match": answer["ETag"]}
    assert client.get(source, headers=asked_again).status_code == 304
    assert boss.get(source, headers=asked_again).status_code == 404
    assert Client().get(source, secure=True).url.startswith("/inloggen/")
    Access.objects.all().delete()
    assert client.get(source, headers=asked_again).status_code == 404


# ASVS 8.2.1
def test_only_administrators_of_the_organisation_change_it(person: User) -> None:
    stranger = UserFactory(organisation=OrganisationFactory(), staff=True, with_totp=True)
    stranger.groups.add(*stranger.groups.model.objects.filter(name="Organisatiebeheer"))
    assert signed_in(stranger).get(PAGE).status_code == 404
    assert signed_in(UserFactory(in_support=True, with_totp=True)).get(PAGE).status_code == 403


def test_change_and_removal_are_recorded(boss: Client, person: User) -> None:
    upload(boss, picture())
    number = Logo.objects.get().pk
    assert sources(shown(boss, PAGE), "owner__logo") == [f"{PAGE}{number}/"]
    assert boss.get(f"{PAGE}{number}/")["Content-Type"] == "image/webp"
    assert "Het logo is verwijderd" in text(boss.post(f"{PAGE}verwijderen/", {"version": str(number)}, follow=True))
    changes = AuditEntry.objects.filter(event="organisation_edited").order_by("pk")
    assert [entry.detail["logo"] for entry in changes] == [f"- → {number}", f"{number} → -"]
    assert sources(shown(signed_in(person), "/"), "owner__logo") == []


def test_page_of_before_a_change_changes_nothing(boss: Client) -> None:
    upload(boss, picture())
    assert "is de afbeelding gewijzigd" in upload(boss, picture(colour=255), version="0")
    assert "is de afbeelding gewijzigd" in text(boss.post(f"{PAGE}verwijderen/", {"version": "0"}, follow=True))
    assert Logo.objects.count() == 1
