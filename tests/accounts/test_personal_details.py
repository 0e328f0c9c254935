"""Persoonlijke Gegevens."""

from __future__ import annotations

import pytest

from accounts.audit.models import AuditEntry
from accounts.models import User
from tests.factories import UserFactory
from tests.pages import DETAILS, browser, shown, signed_in

pytestmark = pytest.mark.django_db

VALUES = {"first_name": "Anna", "last_name": "de Vries", "language": "nl"}


def test_names_and_language_are_saved_and_recorded() -> None:
    person = UserFactory()
    assert "Je gegevens zijn opgeslagen." in shown(signed_in(person), DETAILS, VALUES)
    person.refresh_from_db()
    assert (person.first_name, person.last_name, person.language) == ("Anna", "de Vries", "nl")
    assert AuditEntry.objects.get(event="details_changed").subject == person


@pytest.mark.parametrize(
    "extra",
    [
        {"is_staff": "on"},
        {"is_superuser": "on"},
        {"email": "dief@voorbeeld.nl"},
        {"is_active": ""},
        {"password": "x" * 20},
        {"groups": "1"},
        {"links_issued": "9"},
        {"id": "1", "pk": "1", "user": "1"},
    ],
)
def test_other_fields_are_ignored(extra: dict[str, str]) -> None:  # ASVS 8.2.3
    UserFactory(pk=1)
    person = UserFactory()
    before = User.objects.values("email", "is_staff", "is_superuser", "is_active", "password", "links_issued")
    kept = before.get(pk=person.pk)
    shown(signed_in(person), DETAILS, VALUES | extra)
    assert before.get(pk=person.pk) == kept
    assert not person.groups.exists()
    assert User.objects.get(pk=1).first_name == "Per"


def test_english_makes_the_pages_english() -> None:
    client = signed_in(UserFactory())
    shown(client, DETAILS, VALUES | {"language": "en"})
    page = shown(client, DETAILS)
    assert '<html lang="en">' in page
    assert "Activate Two-Step Authentication" in page
    assert "Activeer" not in page
    assert client.get(DETAILS)["Content-Language"] == "en"


def test_language_of_one_visitor_does_not_stick_to_the_next() -> None:
    signed_in(UserFactory(language="en")).get(DETAILS)
    assert '<html lang="nl">' in shown(browser(), "/inloggen/")


def test_language_of_the_browser_does_not_matter() -> None:
    answer = browser().get("/inloggen/", headers={"accept-language": "en"})
    assert answer["Content-Language"] == "nl"


@pytest.mark.parametrize("wrong", [{"language": "xx"}, {"first_name": "a" * 151}, {"last_name": "a\x00b"}])
def test_wrong_details_are_refused_at_their_field(wrong: dict[str, str]) -> None:
    person = UserFactory()
    assert 'aria-invalid="true"' in shown(signed_in(person), DETAILS, VALUES | wrong)
    person.refresh_from_db()
    assert person.first_name == "Per"


def test_names_are_escaped() -> None:  # ASVS 3.2.2
    client = signed_in(UserFactory(first_name='"><script>alert(1)</script>'))
    assert b"<script>alert" not in client.get(DETAILS).content
    assert b"&lt;script&gt;alert" in client.get(DETAILS).content


def test_every_page_for_a_signed_in_person_can_sign_out() -> None:  # ASVS 7.4.4
    client = signed_in(UserFactory(staff=True, with_totp=True))
    pages = ["/", DETAILS, "/persoonlijke-gegevens/wachtwoord/", "/beheer/"]
    pages.append("/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/")
    for address in pages:
        assert 'action="/uitloggen/"' in shown(client, address), address
