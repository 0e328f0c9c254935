"""The picture of an environment: who puts it there, and who gets to see it."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import scope
from environments.administration import flows
from environments.models import Access, Environment, Picture
from tests.environments.administration.test_images import picture
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import at_once, shown, signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return EnvironmentFactory(slug="bomen", name="Bomen", people=[UserFactory()])


@pytest.fixture
def boss() -> Client:
    return signed_in(UserFactory(superuser=True, with_totp=True))


def worker(organisation: object, *rights: str) -> User:
    person = UserFactory(staff=True, with_totp=True, organisation=organisation)
    person.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return person


def address(environment: Environment) -> str:
    return f"/beheer/omgevingen/{environment.pk}/afbeelding/"


def upload(client: Client, environment: Environment, content: bytes, name: str = "kaart.png") -> str:
    file = SimpleUploadedFile(name, content, content_type="image/png")
    return text(client.post(address(environment), {"picture": file}, follow=True))


def sources(client: Client) -> list[str]:
    found = re.search(r'<img class="tile__picture"[^>]*srcset="([^"]+)"', text(client.get("/")))
    return re.findall(r"(/\S+) \d+w", found[1]) if found else []


def test_picture_is_saved_in_every_width_and_noted(boss: Client, environment: Environment) -> None:
    assert "De afbeelding is opgeslagen" in upload(boss, environment, picture())
    assert sorted(Picture.objects.values_list("width", flat=True)) == list(limits.PICTURE_WIDTHS)
    assert LogEntry.objects.get().get_change_message() == "Afbeelding gewijzigd."
    preview = re.search(r'class="upkeep-picture" src="([^"]+)"', shown(boss, address(environment)))[1]
    answer = boss.get(preview)
    assert answer["Content-Type"] == "image/webp"
    assert "no-store" in answer["Cache-Control"]


def test_tile_shows_it_in_a_place_that_is_kept_free(boss: Client, environment: Environment) -> None:
    upload(boss, environment, picture())
    client = signed_in(environment.people.get())
    page = text(client.get("/"))
    tag = re.search(r"<img class=\"tile__picture\"[^>]*>", page)[0]
    for part in ('alt=""', 'width="72"', 'height="72"', 'loading="lazy"'):
        assert part in tag
    assert "<text" not in page
    assert len(sources(client)) == len(limits.PICTURE_WIDTHS)


def test_browser_keeps_a_picture_and_asks_each_time_whether_it_may_show_it(
    boss: Client, environment: Environment
) -> None:
    upload(boss, environment, picture())
    client = signed_in(environment.people.get())
    for source in sources(client):
        answer = client.get(source)
        assert answer["Content-Type"] == "image/webp"
        kept = set(answer["Cache-Control"].split(", "))
        assert kept == {"private", "no-cache"}
        again = client.get(source, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (again["Cache-Control"], again["ETag"]) == (answer["Cache-Control"], answer["ETag"])
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


# ASVS 8.2.2
def test_only_who_may_open_the_environment_gets_its_picture(boss: Client, environment: Environment) -> None:
    upload(boss, environment, picture())
    client = signed_in(environment.people.get())
    source = sources(client)[0]
    answer = client.get(source)
    assert answer.status_code == 200
    asked_again = {"If-None-Match": answer["ETag"]}
    assert signed_in(UserFactory()).get(source, headers=asked_again).status_code == 404
    assert Client().get(source, headers=asked_again, secure=True).url.startswith("/inloggen/")
    assert boss.get(source).status_code == signed_in(UserFactory()).get(source).status_code == 404
    assert Client().get(source, secure=True).url.startswith("/inloggen/")
    Access.objects.all().delete()
    assert client.get(source).status_code == client.get(source, headers=asked_again).status_code == 404


def test_new_picture_has_new_addresses_and_the_earlier_ones_are_gone(boss: Client, environment: Environment) -> None:
    client = signed_in(environment.people.get())
    upload(boss, environment, picture())
    before = sources(client)
    upload(boss, environment, picture(colour=255))
    after = sources(client)
    assert not set(before) & set(after)
    assert [client.get(source).status_code for source in (before[0], after[0])] == [404, 200]
    boss.post(f"{address(environment)}verwijderen/")
    assert sources(client) == []
    assert not Picture.objects.exists()
    upload(boss, environment, picture())
    assert not set(before + after) & set(sources(client))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kunnen we niet lezen"),
        (b"", "Dit bestand is leeg"),
        (picture(size=(20, 20)), "minstens 288 bij 288"),
        (picture("GIF"), "kunnen we niet lezen"),
    ],
)
def test_refused_file_is_explained_and_the_picture_before_stays(
    boss: Client, environment: Environment, content: bytes, told: str
) -> None:
    upload(boss, environment, picture())
    assert told in upload(boss, environment, content)
    environment.refresh_from_db()
    assert (environment.has_picture, environment.picture_version) == (True, 1)


def test_no_file_or_a_text_in_its_place_is_refused(boss: Client, environment: Environment) -> None:
    for values in ({}, {"picture": "../../etc/passwd"}):
        assert "Kies een bestand" in shown(boss, address(environment), values)
    assert not Picture.objects.exists()


# ASVS 5.3.2, 5.4.1
@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\x.png", "x" * 300 + ".png", "a\r\nb.svg", "<b>.png", "é\u202egnp.exe"]
)
def test_name_of_the_file_plays_no_part(boss: Client, environment: Environment, name: str) -> None:
    page = upload(boss, environment, picture(), name=name)
    assert "De afbeelding is opgeslagen" in page
    assert name not in page


# ASVS 5.2.1
def test_large_file_is_taken_here_and_nowhere_else(boss: Client, environment: Environment) -> None:
    large = picture("BMP", (900, 900))
    assert limits.LARGEST_BODY < len(large) < limits.PICTURE_BYTES
    assert "kunnen we niet lezen" in upload(boss, environment, large)
    file = SimpleUploadedFile("x.png", large)
    for elsewhere in ("/", "/persoonlijke-gegevens/", f"{address(environment)}verwijderen/", "/bestaat-niet/"):
        assert boss.post(elsewhere, {"picture": file}).status_code == 413
        file.seek(0)


# ASVS 5.2.1
def test_file_that_is_too_large_is_refused_with_or_without_reading_it(boss: Client, environment: Environment) -> None:
    assert "groter dan 8 MB" in upload(boss, environment, b"\0" * (limits.PICTURE_BYTES + 1))
    file = io.BytesIO(b"\0" * (limits.LARGEST_PICTURE_BODY + 1))
    assert boss.post(address(environment), {"picture": file}).status_code == 413


def test_fields_of_a_form_stay_small_here_too(boss: Client, environment: Environment) -> None:
    answer = boss.post(address(environment), {"picture": "x" * (limits.LARGEST_BODY + 10)})
    assert answer.status_code == 413


# ASVS 8.4.1
def test_worker_changes_pictures_of_the_own_organisation_only() -> None:
    mine, other = OrganisationFactory(), OrganisationFactory()
    client = signed_in(worker(mine, "change_environment", "view_environment"))
    theirs = EnvironmentFactory(organisation=other)
    flows.set_picture(theirs.pk, picture(), actor=UserFactory(), origin=Origin())
    assert client.get(address(EnvironmentFactory(organisation=mine))).status_code == 200
    for answer in (
        client.get(address(theirs)),
        client.post(address(theirs), {"picture": SimpleUploadedFile("x.png", picture())}),
        client.post(f"{address(theirs)}verwijderen/"),
        client.get(f"{address(theirs)}1/"),
        client.get("/beheer/omgevingen/99999999999999999999/afbeelding/"),
    ):
        assert answer.status_code == 404
    theirs.refresh_from_db()
    assert (theirs.has_picture, theirs.picture_version) == (True, 1)
    everyone = Permission.objects.get(codename=scope.EVERY_ORGANISATION.partition(".")[2])
    helper = worker(mine, "change_environment")
    helper.user_permissions.add(everyone)
    assert signed_in(helper).get(address(theirs)).status_code == 200


def test_right_is_needed(environment: Environment) -> None:
    client = signed_in(worker(environment.organisation, "view_environment", "add_access"))
    for tail in ("", "1/"):
        assert client.get(address(environment) + tail).status_code == 403
    assert client.post(address(environment), {}).status_code == 403
    assert client.post(f"{address(environment)}verwijderen/").status_code == 403
    assert signed_in(environment.people.get()).get(address(environment)).status_code == 302


def test_removing_takes_a_post(boss: Client, environment: Environment) -> None:
    upload(boss, environment, picture())
    assert boss.get(f"{address(environment)}verwijderen/").status_code == 405
    assert Picture.objects.exists()


def test_page_of_the_environment_leads_there(boss: Client, environment: Environment) -> None:
    page = shown(boss, f"/beheer/environments/environment/{environment.pk}/change/")
    assert f'href="{address(environment)}"' in page


# ASVS 5.2.4
@pytest.mark.django_db(transaction=True)
def test_pictures_that_come_at_the_same_moment_leave_one_whole_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_TURN", timedelta(minutes=2))  # on a busy machine each picture takes seconds
    environment = EnvironmentFactory()
    by = {"actor": UserFactory(), "origin": Origin()}
    tasks = [
        lambda shade=shade: flows.set_picture(environment.pk, picture("JPEG", colour=shade), **by) for shade in range(6)
    ]
    assert set(at_once(tasks)) == {flows.Outcome.SAVED}
    environment.refresh_from_db()
    assert environment.picture_version == 6
    assert environment.pictures.count() == len(limits.PICTURE_WIDTHS)


def test_picture_takes_few_statements_because_a_page_asks_for_many(boss: Client, environment: Environment) -> None:
    upload(boss, environment, picture())
    client = signed_in(environment.people.get())
    source = sources(client)[0]
    with CaptureQueriesContext(connection) as queries:
        assert client.get(source).status_code == 200
    assert len(queries) <= 5


MEANWHILE = "Terwijl deze pagina open stond, is de afbeelding gewijzigd."


@pytest.mark.parametrize("version", ["0", "", "-1", "x", "9" * 30])
def test_picture_that_a_colleague_just_put_there_is_not_replaced_or_removed_unseen(
    boss: Client, environment: Environment, version: str
) -> None:
    page = address(environment)
    upload(boss, environment, picture())
    theirs = bytes(Picture.objects.first().webp)
    file = SimpleUploadedFile("kaart.png", picture("JPEG", colour=9), content_type="image/png")
    answers = [
        boss.post(page, {"picture": file, "version": version}, follow=True),
        boss.post(f"{page}verwijderen/", {"version": version}, follow=True),
    ]
    if version in ("0", ""):
        assert all(MEANWHILE in text(answer) for answer in answers)
    assert all(answer.status_code == 200 for answer in answers)
    assert bytes(Picture.objects.first().webp) == theirs
    assert LogEntry.objects.count() == 1
    assert MEANWHILE not in upload(boss, environment, picture("JPEG", colour=9))  # from the page as it is now
    assert bytes(Picture.objects.first().webp) != theirs
