"""The audit trail: what is written, that it stays, and who gets a mail."""

from __future__ import annotations

import re

import pytest
from django.core import mail as django_mail
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.audit import recording
from accounts.audit.events import MAILED, Event
from accounts.audit.models import AppendOnlyError, AuditEntry
from accounts.audit.origin import CONSOLE, Origin
from accounts.mail.models import OutgoingMail
from accounts.unicode_text import without_control_characters
from tests.background import run_tasks
from tests.codes import code_of
from tests.conftest import mails, sign_in
from tests.factories import PASSWORD, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import browser, half_signed_in, session_key, type_code

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
DETAIL = {"before": "a@b.nl", "after": "c@d.nl", "left": 3, "name": "Tablet", "about": "password_changed"}


def note(**values: object) -> AuditEntry:
    return recording.record(Event.SIGNED_IN, **({"subject": UserFactory(), "origin": HERE} | values))


def test_entries_are_never_changed() -> None:  # ASVS 16.4.2
    entry = note()
    entry.reason = "anders"
    for change in (
        entry.save,
        lambda: AuditEntry.objects.update(reason="anders"),
        lambda: AuditEntry.objects.filter(pk=entry.pk).update(reason="anders"),
        lambda: AuditEntry.objects.bulk_update([entry], ["reason"]),
        lambda: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"reason": "anders"}),
    ):
        with pytest.raises(AppendOnlyError), transaction.atomic():
            change()
    assert AuditEntry.objects.get().reason == ""


# NIST N32
def test_entries_are_never_removed() -> None:  # ASVS 16.4.2
    entry = note()
    for removal in (entry.delete, AuditEntry.objects.all().delete, AuditEntry.objects.filter(pk=entry.pk).delete):
        with pytest.raises(AppendOnlyError):
            removal()
    assert AuditEntry.objects.exists()


# NIST N32
def test_entries_outlive_the_person_and_the_organisation() -> None:
    person, organisation = UserFactory(), OrganisationFactory()
    note(subject=person, organisation=organisation)
    email = person.email
    person.delete()
    organisation.delete()
    assert AuditEntry.objects.get().subject_name == email


def test_actor_is_the_person_unless_somebody_else_did_it() -> None:
    person, other = UserFactory(), UserFactory()
    assert note(subject=person).actor == person
    assert note(subject=person, actor=other).actor_name == other.email
    assert note(subject=person, origin=CONSOLE).actor is None
    assert note(subject=person, origin=CONSOLE).actor_name == "manage.py"
    assert note(subject=None).actor_name == ""


def test_control_characters_become_spaces() -> None:  # ASVS 16.4.1
    assert without_control_characters("a\r\nb\x00c\x1b[31md\u2028e\x85f") == "a  b c [31md e f"
    assert note(reason="a\nb\x00").reason == "a b "
    request = RequestFactory().get("/", headers={"user-agent": "Mozilla\x00\r\n2026-01-01 INFO vervalst"})
    assert Origin.of(request).browser == "Mozilla   2026-01-01 INFO vervalst"


def test_long_values_fit_on_every_database() -> None:
    entry = note(reason="r" * 5000, origin=Origin("2001:db8::1", "b" * 300))
    entry.refresh_from_db()
    assert len(entry.reason) == 500
    request = RequestFactory().get("/", headers={"user-agent": "b" * 5000})
    assert len(Origin.of(request).browser) == 300


@pytest.mark.parametrize(("given", "kept"), [("192.0.2.1", "192.0.2.1"), ("", None), ("zomaar", None)])
def test_invalid_network_address_is_left_out(given: str, kept: str | None) -> None:
    assert Origin.of(RequestFactory().get("/", REMOTE_ADDR=given)).address == kept


def test_forwarded_headers_are_not_believed() -> None:
    request = RequestFactory().get("/", headers={"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9"})
    assert Origin.of(request).address == "127.0.0.1"


def test_entry_is_rolled_back_with_the_change_that_it_records() -> None:
    class MishapError(Exception):
        pass

    def mishap() -> None:
        with transaction.atomic():
            note()
            raise MishapError

    with pytest.raises(MishapError):
        mishap()
    assert not AuditEntry.objects.exists()


def test_nothing_secret_is_in_the_entries() -> None:  # ASVS 16.2.5
    person = UserFactory(with_totp=True)
    code, client = code_of(person), browser()
    sign_in(client, person, code=code)
    type_code(half_signed_in(person), code)
    browser().post("/inloggen/", {"username": person.email, "password": PASSWORD + "!"})
    assert AuditEntry.objects.count() == 3
    for row in AuditEntry.objects.values_list():
        told = " ".join(str(value) for value in row[2:] if not hasattr(value, "year"))
        for secret in (code, PASSWORD, session_key(client), person.password):
            assert secret not in told


@pytest.mark.parametrize("event", sorted(MAILED))
@pytest.mark.parametrize(("language", "greeting"), [("nl", "Hallo Per,"), ("en", "Hello Per,")])
def test_mailed_events_reach_the_person_in_the_own_language(
    event: Event, language: str, greeting: str, django_capture_on_commit_callbacks: object
) -> None:
    person = UserFactory(language=language)
    with django_capture_on_commit_callbacks(execute=True):
        recording.record(event, subject=person, origin=HERE, reason="telefoon kwijt", detail=DETAIL)
    (message,) = mails()
    assert message.to == [person.email]
    assert f"\n\n{greeting}\n" in message.body
    assert "https://mijn.assetmaps.nl" in message.body
    assert "\n" not in message.subject
    assert "{{" not in message.body + message.subject
    # Every security mail has the link.
    assert re.search(r"https://mijn\.assetmaps\.nl/dit-was-ik-niet/\S+/\n", message.body)


@pytest.mark.parametrize("event", sorted(set(Event) - MAILED))
def test_other_events_are_not_mailed(event: Event, django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        recording.record(event, subject=UserFactory(), origin=HERE)
    assert mails() == []


def test_mail_is_there_if_and_only_if_what_it_is_about_is() -> None:
    with transaction.atomic():
        recording.record(Event.PASSWORD_CHANGED, subject=UserFactory(), origin=HERE)
        assert OutgoingMail.objects.count() == 1
        transaction.set_rollback(True)
    assert mails() == []
    recording.record(Event.PASSWORD_CHANGED, subject=UserFactory(), origin=HERE)
    assert [message.subject for message in mails()] == ["Je wachtwoord voor Assetmaps is gewijzigd"]


def test_names_in_a_mail_are_plain_text(django_capture_on_commit_callbacks: object) -> None:
    person = UserFactory(first_name="Jan & <b>Piet</b>")
    with django_capture_on_commit_callbacks(execute=True):
        recording.record(Event.PASSWORD_CHANGED, subject=person, origin=HERE)
    assert "\n\nHallo Jan & <b>Piet</b>,\n" in mails()[0].body


# ASVS 16.3.4
def test_broken_mail_server_does_not_fail_the_request(
    django_capture_on_commit_callbacks: object, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:  # ASVS 16.5.2
    def refuse(message: object, *args: object, **kwargs: object) -> None:
        raise OSError("no route to the mail server")

    monkeypatch.setattr(django_mail.EmailMessage, "send", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        recording.record(Event.PASSWORD_CHANGED, subject=UserFactory(), origin=HERE)
    run_tasks()
    assert "could not be sent" in caplog.text


def test_entries_stay_with_the_organisation_that_the_person_had_then() -> None:
    ours = OrganisationFactory()
    person = UserFactory(with_totp=True, organisation=ours)
    EnvironmentFactory(people=[person], slug="kaart")
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": "fout"})
    sign_in(client, person, code="000000")
    sign_in(client, person)
    client.get("/omgevingen/kaart/")
    client.post("/persoonlijke-gegevens/", {"first_name": "A", "last_name": "B", "language": "nl"})
    client.post("/wachtwoord-vergeten/", {"email": person.email})
    client.post("/uitloggen/")
    entries = list(AuditEntry.objects.values_list("event", "organisation"))
    assert len({event for event, _organisation in entries}) >= 6
    assert {organisation for _event, organisation in entries} == {ours.pk}


@pytest.mark.parametrize("is_member", [True, False])
def test_sign_in_asks_nothing_extra_for_the_organisation_of_its_entry(is_member: bool) -> None:
    person = UserFactory(with_totp=True, organisation=OrganisationFactory() if is_member else None)
    with CaptureQueriesContext(connection) as captured:
        sign_in(browser(), person)
    asked = [query["sql"] for query in captured if 'FROM "organisations_membership"' in query["sql"]]
    assert asked == []


def test_many_at_once_are_recorded_as_one_by_one() -> None:
    people = [UserFactory(organisation=OrganisationFactory()) for _ in range(2)]
    actor = UserFactory()
    for person in people:
        recording.record(Event.ACCESS_GIVEN, subject=person, actor=actor, origin=HERE, detail={"environment": "a\nb"})
    recording.record_many(
        Event.ACCESS_GIVEN, [(person, {"environment": "a\nb"}) for person in people], actor=actor, origin=HERE
    )
    kept = [{**row, "id": 0, "at": 0, "code": ""} for row in AuditEntry.objects.order_by("pk").values()]
    assert kept[:2] == kept[2:]
    assert kept[0]["detail"] == {"environment": "a b"}


def test_events_that_are_mailed_are_not_recorded_many_at_once() -> None:
    with pytest.raises(ValueError, match="password_changed"):
        recording.record_many(Event.PASSWORD_CHANGED, [(UserFactory(), {})], origin=HERE)
