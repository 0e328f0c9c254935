"""What every other part of the portal knows of passkeys: the desk, reports, restore, lost keys, lists and commands."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.audit import report_links
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE, Origin
from accounts.audit.recording import record
from accounts.continuity import after_restore, lost_keys
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.privacy import personal_data, removal
from accounts.support import reports, unverified_changes
from accounts.support.desk import account_state, warnings
from accounts.support.models import HelpRequest, Kind
from accounts.throttling import flows as throttling
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from accounts.throttling.rules import Kind as Attempted
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import FormerPasskey, Passkey, PasskeyHandle
from accounts.two_factor.passkeys import ceremonies
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.passkeys.ceremonies import Purpose
from assetmaps import readiness
from tests.accounts.support.desk_pages import act
from tests.assetmaps.test_readiness import ANOTHER_KEY
from tests.conftest import mails
from tests.environments.people.test_list import exported
from tests.factories import OrganisationFactory, PasskeyFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Origin("192.0.2.9")


@pytest.fixture
def person() -> User:
    return UserFactory(organisation=OrganisationFactory(name="Gemeente Duinstad"))


def added(person: User, name: str = "Laptop") -> tuple[Passkey, AuditEntry]:
    """As `registration.add` leaves it."""
    with transaction.atomic():
        entry = record(Event.PASSKEY_ADDED, subject=person, origin=HERE, detail={"name": name})
    return PasskeyFactory(user=person, name=name, linked_in=entry.pk), entry


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


# ASVS 6.7.1
def test_public_key_that_somebody_put_in_its_place_is_not_read() -> None:
    mine, thiefs = PasskeyFactory(user=UserFactory()), PasskeyFactory(user=UserFactory())
    other = PasskeyFactory(user=mine.user)
    for sealed in (thiefs.sealed_key, other.sealed_key, b"a key in plain text"):
        Passkey.objects.filter(pk=mine.pk).update(sealed_key=sealed)
        with pytest.raises(SecretUnreadableError):
            Passkey.objects.get(pk=mine.pk).public_key()


# ASVS 6.7.2
def test_challenges_are_random_and_each_is_used_up_once(person: User) -> None:
    asked = [passkeys.question_for(person, Purpose.PROOF, "of this browser") for _ in range(50)]
    questions = [ceremonies.question_of(one.token, person.pk, "of this browser", Purpose.PROOF) for one in asked]
    challenges = {one.challenge for one in questions if one}
    assert len(challenges) == 50
    assert {len(one) for one in challenges} == {32}
    assert [passkeys.use_up(questions[0]) for _ in range(3)] == [True, False, False]


class TestDesk:
    def test_page_of_a_caller_shows_passkeys_and_what_is_wrong_with_them(self, person: User) -> None:
        passkey, _entry = added(person, "Laptop van het werk")
        Passkey.objects.update(last_used_at=timezone.now(), sealed_key=b"unreadable")
        asked = HelpRequest.objects.create(user=person, reference="H4T7K2QM")
        HelpRequest.objects.filter(pk=asked.pk).update(asked_at=timezone.now() - timedelta(hours=1))
        with transaction.atomic():
            detail = {"name": passkey.name}
            record(Event.PASSKEY_COUNT_FELL, subject=person, origin=HERE, succeeded=False, detail=detail)
        desk = UserFactory(in_support=True, with_totp=True)
        page = shown(signed_in(desk), f"/beheer/support/{person.pk}/")
        assert "Passkey “Laptop van het werk”, sinds" in page
        told = " ".join(warnings.of(person, account_state.of(person)))
        assert "misschien gekopieerd" in told or "may have been copied" in told
        assert told.count("Laptop van het werk") == 3  # unreadable, copied, used after it was lost

    def test_reset_removes_passkeys_and_the_password_alone_opens_nothing(self, person: User) -> None:
        added(person)
        act(Kind.RESET, person, UserFactory(in_support=True))
        assert not Passkey.objects.filter(user=person).exists()
        assert account_recovery.of(person) is not None

    def test_refused_passkeys_are_named_where_they_wait(self, person: User) -> None:
        with transaction.atomic():
            counter = throttling.counter_for(person, Attempted.PASSKEY, UNKNOWN_BROWSER)
            for _ in range(5):
                throttling.count_failure(counter)
        assert all(str(one.what) for one in account_state.of(person).blocked)

    def test_sign_in_by_passkey_ends_the_doubt_about_a_new_password(self, person: User) -> None:
        added(person)
        with transaction.atomic():
            record(Event.PASSWORD_CHANGED, subject=person, origin=HERE, detail={"way": "mailed link"})
        assert unverified_changes.changes(person)
        with transaction.atomic():
            record(Event.SIGNED_IN, subject=person, origin=HERE, detail={"factor": "passkey"})
        assert not unverified_changes.changes(person)


class TestReports:
    def test_passkey_that_was_not_the_owners_is_removed_and_the_earlier_one_stays(self, person: User) -> None:
        own, _entry = added(person)
        _thiefs, entry = added(person, "Van de dief")
        assert reports.report(report_links.make_token(entry), HERE)
        assert [one.pk for one in Passkey.objects.filter(user=person)] == [own.pk]
        assert "passkey" in mails()[-1].body
        FormerPasskey.objects.get(name="Van de dief", why="disowned")

    def test_only_passkey_gone_the_password_alone_opens_nothing(self, person: User) -> None:
        _thiefs, entry = added(person, "Van de dief")
        reports.report(report_links.make_token(entry), HERE)
        assert not devices.has_confirmed_device(person)
        assert account_recovery.of(person) is not None

    def test_passkey_of_which_there_may_be_a_copy_is_removed(self, person: User) -> None:
        copied, _entry = added(person)
        own, _entry = added(person, "Telefoon")
        detail = {"factor": "passkey", "name": "Laptop", "digest": copied.short_digest}
        entry = record(Event.PASSKEY_COUNT_FELL, subject=person, origin=HERE, succeeded=False, detail=detail)
        assert reports.report(report_links.make_token(entry), HERE)
        assert [one.pk for one in Passkey.objects.filter(user=person)] == [own.pk]
        assert account_recovery.of(person) is None

    def test_removed_passkey_comes_back(self, person: User) -> None:
        own, _entry = added(person)
        added(person, "Telefoon")
        passkeys.remove(person, own, HERE)
        entry = AuditEntry.objects.get(event="passkey_removed")
        reports.report(report_links.make_token(entry), HERE)
        assert set(Passkey.objects.filter(user=person).values_list("name", flat=True)) == {"Laptop", "Telefoon"}
        assert Passkey.objects.get(name="Laptop").public_key() == own.public_key()


class TestContinuity:
    def test_passkeys_added_or_removed_since_a_backup_are_looked_at(self, person: User) -> None:
        lost = after_restore.Lost()
        for event in (Event.PASSKEY_ADDED, Event.PASSKEY_REMOVED):
            assert event in after_restore.FACTOR
            lost.events[person.pk].append(event)
        added(person)
        after_restore.void_replaced(lost, "test", CONSOLE)
        assert not Passkey.objects.filter(user=person).exists()

    def test_whose_passkey_no_key_opens_sets_up_anew(self, person: User) -> None:
        PasskeyFactory(user=UserFactory())
        added(person)
        Passkey.objects.filter(user=person).update(sealed_key=b"sealed with a key that is lost")
        found = lost_keys.find()
        assert found.people == [person]
        lost_keys.reset(found, "key lost", CONSOLE)
        assert [one.user == person for one in Passkey.objects.all()] == [False]


def test_ready_only_with_the_key_of_the_newest_passkey(settings: object) -> None:
    assert readiness.secrets() == ""
    passkey = PasskeyFactory(user=UserFactory())
    assert readiness.secrets() == ""
    settings.ENCRYPTION_KEYS = [ANOTHER_KEY]
    assert readiness.secrets() == f"passkey {passkey.pk} was sealed with a key that is not in ENCRYPTION_KEYS"


def test_file_about_a_person_names_passkeys_and_holds_no_key_and_removal_takes_all(person: User) -> None:
    passkey, _entry = added(person, "Laptop van Jan")
    PasskeyHandle.objects.create(user=person, handle=b"h" * 64)
    told = "".join(personal_data.export(person, CONSOLE))
    assert "Laptop van Jan" in told
    for secret in (bytes(passkey.credential_id), bytes(passkey.sealed_key), b"h" * 64):
        assert secret.hex() not in told
        assert passkey.digest not in told
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert removal.remove(User.objects.get(pk=person.pk), "asked for it", CONSOLE).refusal == ""
    assert [model.objects.count() for model in (Passkey, PasskeyHandle, FormerPasskey)] == [0, 0, 0]


def test_command_says_who_has_a_passkey(person: User) -> None:
    added(person)
    UserFactory(with_totp=True)
    UserFactory()
    text = run("two_factor_status")
    assert "people: 2 of 3 have a second step, 1 of them a passkey" in text
    one = run("two_factor_status", person.email)
    assert f"{person.email}: passkey since" in one
    assert "last used never" in one


def test_list_of_people_shows_filters_and_exports_passkeys(person: User) -> None:
    added(person)
    app, nothing = UserFactory(with_totp=True), UserFactory()
    client = signed_in(UserFactory(superuser=True, with_totp=True, email="beheer@voorbeeld.nl"))
    address = "/beheer/accounts/user/"
    for value, there, away in (
        ("passkey", [person], [app, nothing]),
        ("no-passkey", [app, nothing], [person]),
        ("on", [person, app], [nothing]),
    ):
        page = shown(client, f"{address}?second_step={value}")
        assert all(one.email in page for one in there)
        assert not any(one.email in page for one in away)
    columns = dict(zip(*exported(client, "second_step=passkey"), strict=True))
    assert (columns["Tweede stap"], columns["Passkey"]) == ("ja", "ja")
