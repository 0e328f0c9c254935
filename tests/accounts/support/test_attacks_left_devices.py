""" "Dit was ik niet" about anything takes away what was linked since, and brings back nothing that opens the account to
whoever reads the mailbox."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import limits
from accounts.audit import report_links, unproved
from accounts.audit.events import MAILED, WAYS_IN, Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.support import unverified_changes
from accounts.support.models import Kind, Report
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.models import Authenticator, Passkey, PasskeyHandle, RecoveryCodeSet
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.accounts.support.desk_pages import act
from tests.clock import later
from tests.conftest import browser, mails, prove
from tests.factories import PASSWORD, AuthenticatorFactory, PasskeyFactory, UserFactory
from tests.pages import shown, signed_in
from tests.passkey_doors import SECOND_FACTOR, WHOLE_SIGN_IN, enter, person_in, register, signed_in_anew
from tests.passkeys_client import Device

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Origin("192.0.2.9")
OWNER, THIEF = "eigenaar@voorbeeld.nl", "dief@elders.nl"
ADDRESS_EVENTS = (Event.ADDRESS_CHANGED, Event.ADDRESS_CHANGED_BY_PERSON)
BY_SUPPORT = (Event.SECOND_STEP_RESET, Event.WAIT_LIFTED, Event.BRIDGE_CODE_ISSUED)
REPORTABLE = sorted({*MAILED, *BY_SUPPORT})


def told(event: Event, person: User, **detail: str | int) -> AuditEntry:
    left: dict[str, str | int] = {"left": 9} if event == Event.RECOVERY_CODE_USED else {}
    with transaction.atomic():
        return record(event, subject=person, origin=HERE, detail=left | detail)


def app(person: User) -> Authenticator:
    entry = told(Event.AUTHENTICATOR_ADDED, person, name="Telefoon")
    return AuthenticatorFactory(user=person, linked_in=entry.pk)


def of_long_ago(person: User) -> Authenticator:
    with later(-2 * limits.NOT_ME_LINK):
        return app(person)


def passkey(person: User) -> Passkey:
    entry = told(Event.PASSKEY_ADDED, person, name="Laptop")
    return PasskeyFactory(user=person, linked_in=entry.pk)


def codes(person: User) -> RecoveryCodeSet:
    recovery_codes.make(person, HERE)
    return RecoveryCodeSet.objects.get(user=person)


def press(entry: AuditEntry, to: str = "") -> str:
    return shown(browser(), f"/dit-was-ik-niet/{report_links.make_token(entry, to)}/", {"answer": "do"})


def shows(person: User, device: Authenticator | Passkey) -> None:
    """Signs in with it, as the trail tells it."""
    told(Event.SIGNED_IN, person, factor=device.kind, linked=device.linked_in or 0)


def last(event: Event, person: User) -> AuditEntry:
    return AuditEntry.objects.filter(event=event, subject=person).latest("pk")


# --- what was linked since


@pytest.mark.parametrize("link", [app, passkey, codes])
@pytest.mark.parametrize("event", REPORTABLE)
def test_whatever_is_reported_nothing_stays_that_was_linked_since(event: Event, link: Callable[[User], object]) -> None:
    person = UserFactory(email=OWNER)
    own = app(person)
    detail = {"before": OWNER, "after": OWNER} if event in ADDRESS_EVENTS else {}
    entry = told(event, person, **detail)
    link(person)
    page = press(entry)
    assert [one.pk for one in Authenticator.objects.filter(user=person)] == [own.pk]
    assert not Passkey.objects.filter(user=person).exists()
    assert not RecoveryCodeSet.objects.filter(user=person).exists()
    on_page, in_mail = {
        app: (
            "De nieuwe authenticator-app werkt niet meer.",
            "De authenticator-app die gekoppeld werd, werkt niet meer.",
        ),
        passkey: ("De passkey werkt niet meer.",) * 2,
        codes: ("Je herstelcodes werken niet meer.",) * 2,
    }[link]
    assert on_page in page
    assert in_mail in mails()[-1].body
    assert ("sindsdien zelf een app of passkey" in page) is (link is not codes)


def test_thief_who_changed_the_password_does_not_come_back_by_a_passkey() -> None:
    person, thief = UserFactory(with_totp=True), Device()
    entry = told(Event.PASSWORD_CHANGED, person, way="old password")
    register(person, thief)
    assert person_in(enter(person, thief, WHOLE_SIGN_IN)) == person.pk
    press(entry)
    assert person_in(enter(person, thief, WHOLE_SIGN_IN)) is None


def test_with_nothing_left_and_the_password_void_the_page_says_that_support_helps() -> None:
    """The owner had no second factor; the thief changed the password and added a passkey."""
    person = UserFactory()
    entry = told(Event.PASSWORD_CHANGED, person, way="old password")
    passkey(person)
    page = press(entry)
    assert account_recovery.of(person) is not None
    assert "Kies een nieuw wachtwoord" in page
    assert "Vraag support om een code" in page
    assert "Log in met je eigen wachtwoord" not in page
    assert "Vraag support om een code" in mails()[-1].body
    assert not person.links_withheld


def test_own_devices_from_before_stay() -> None:
    person = UserFactory()
    own = [app(person), passkey(person), codes(person)]
    press(told(Event.WRONG_CODES, person))
    assert [one.pk for one in (*devices.authenticators_of(person), *devices.passkeys_of(person))] == [
        one.pk for one in own[:2]
    ]
    assert RecoveryCodeSet.objects.filter(user=person).exists()


# --- a passkey of which there may be a copy


@pytest.mark.parametrize("reported", [("fell", "removed"), ("removed", "fell"), ("removed",)])
def test_passkey_that_may_be_copied_never_comes_back(reported: tuple[str, ...]) -> None:
    person = UserFactory()
    own, copied = app(person), passkey(person)
    detail = {"factor": "passkey", "name": "Laptop", "digest": copied.short_digest}
    fell = told(Event.PASSKEY_COUNT_FELL, person, **detail)
    later_one = passkey(person)
    assert passkeys.remove(person, copied, HERE)
    entries = {"fell": fell, "removed": last(Event.PASSKEY_REMOVED, person)}
    for name in reported:
        press(entries[name])
    assert devices.passkeys_of(person) == ([] if "fell" in reported else [later_one])
    assert devices.authenticators_of(person) == [own]


def test_restored_passkey_that_then_counts_back_is_found_under_its_new_key() -> None:
    person = UserFactory()
    app(person)
    copied = passkey(person)
    shows(person, copied)
    passkeys.remove(person, copied, HERE)
    press(last(Event.PASSKEY_REMOVED, person))
    assert Passkey.objects.get(user=person).pk != copied.pk
    detail = {"factor": "passkey", "name": "Laptop", "digest": copied.short_digest}
    press(told(Event.PASSKEY_COUNT_FELL, person, **detail))
    assert not Passkey.objects.filter(user=person).exists()


# --- what comes back, and the mailbox


def resets(person: User) -> AuditEntry:
    act(Kind.RESET, person, UserFactory(in_support=True, with_totp=True))
    return last(Event.SECOND_STEP_RESET, person)


def removes_by_another_device(person: User) -> AuditEntry:
    shows(person, passkey(person))
    authenticators.remove(person, Authenticator.objects.get(user=person), HERE)
    return last(Event.AUTHENTICATOR_REMOVED, person)


def removes_by_recovery_code(person: User) -> AuditEntry:
    passkey(person)
    told(Event.IDENTITY_CONFIRMED, person, factor="recovery_code")
    authenticators.remove(person, Authenticator.objects.get(user=person), HERE)
    return last(Event.AUTHENTICATOR_REMOVED, person)


@pytest.mark.parametrize("mail", ["about the removal", "about the passkey added then", "of before"])
@pytest.mark.parametrize("way", [resets, removes_by_another_device, removes_by_recovery_code])
def test_stolen_phone_with_the_mailbox_on_it_opens_nothing_by_a_report(
    way: Callable[[User], AuditEntry], mail: str
) -> None:
    """Also when the thief had chosen a password by mail before."""
    person = UserFactory()
    shows(person, app(person))
    before = told(Event.DETAILS_CHANGED_BY_OTHER, person)
    removal = way(person)
    told(Event.PASSWORD_CHANGED, person, way="mailed link")
    added = passkey(person)
    entries = {"about the removal": removal, "of before": before}
    page = press(entries.get(mail) or AuditEntry.objects.get(pk=added.linked_in))
    person.refresh_from_db()
    back = Authenticator.objects.filter(user=person).exists()
    assert back is (mail != "about the passkey added then" or way is resets)
    if back:
        assert person.links_withheld
        assert not person.has_usable_password() or "Je wachtwoord werkt niet meer." in page
        assert "Misschien leest iemand mee in je mailbox" in page
        assert Report.objects.get().undone["stolen"] == 1


def test_passkey_that_came_back_opens_nothing_by_itself_until_it_was_shown_beside_the_password() -> None:
    """It may have been removed because the device was stolen, with the PIN and the mailbox on it."""
    person, device = UserFactory(with_totp=True), Device()
    register(person, device)
    assert passkeys.remove(person, Passkey.objects.get(user=person), HERE)
    press(last(Event.PASSKEY_REMOVED, person))
    assert person_in(enter(person, device, WHOLE_SIGN_IN)) is None
    assert person_in(enter(person, device, SECOND_FACTOR)) == person.pk
    assert person_in(enter(person, device, WHOLE_SIGN_IN)) == person.pk


def test_phone_that_the_remover_showed_comes_back_without_doubt_about_the_mailbox() -> None:
    """A code of it was passed on by a false page: the owner still has the phone."""
    person = UserFactory()
    own = app(person)
    shows(person, own)
    passkey(person)
    authenticators.remove(person, own, HERE)
    press(last(Event.AUTHENTICATOR_REMOVED, person))
    person.refresh_from_db()
    assert Authenticator.objects.filter(user=person).exists()
    assert not person.links_withheld


def told_to_the_browser(client: Client) -> dict[str, Any]:
    found = re.search(r'data-passkey-signal="([^"]*)"', client.get("/persoonlijke-gegevens/").content.decode())
    assert found
    facts: dict[str, Any] = json.loads(html.unescape(found[1]))
    return facts


def test_password_manager_deletes_no_passkey_that_a_report_may_bring_back() -> None:
    """A thief removes the owner's passkey; the owner looks at the page before reading the mail."""
    person = UserFactory(with_totp=True)
    own, thiefs = passkey(person), passkey(person)
    PasskeyHandle.objects.create(user=person, handle=b"h" * 64)
    assert len(told_to_the_browser(signed_in_anew(person))["credentials"]) == 2
    thief = signed_in_anew(person)
    prove(thief)
    thief.post(f"/persoonlijke-gegevens/passkeys/{own.pk}/verwijderen/")
    assert devices.passkeys_of(person) == [thiefs]
    assert len(told_to_the_browser(thief)["credentials"]) == 1, "the own browser forgets it at once"
    owner = signed_in_anew(person)
    assert "credentials" not in told_to_the_browser(owner)
    with later(limits.NOT_ME_LINK):
        assert len(told_to_the_browser(signed_in_anew(person))["credentials"]) == 1


# --- the earlier mailbox


@pytest.mark.parametrize("event", sorted(WAYS_IN - set(ADDRESS_EVENTS)))
def test_after_a_change_of_address_the_earlier_mailbox_hears_of_every_way_in(event: Event) -> None:
    person = UserFactory(email=THIEF)
    shows(person, app(person))
    told(Event.ADDRESS_CHANGED_BY_PERSON, person, before=OWNER, after=THIEF)
    mails().clear()
    entry = told(event, person)
    assert {one.to[0] for one in mails()} == {OWNER, THIEF}
    press(entry, OWNER)
    person.refresh_from_db()
    assert person.links_withheld
    assert {one.to[0] for one in mails()[2:]} == {OWNER, THIEF}, "who reported it hears what was undone"


def test_who_moved_long_ago_or_proved_it_is_mailed_at_one_address() -> None:
    person = UserFactory(email=THIEF)
    own = of_long_ago(person)
    told(Event.ADDRESS_CHANGED_BY_PERSON, person, before=OWNER, after=THIEF)
    shows(person, own)
    mails().clear()
    passkey(person)
    assert [one.to for one in mails()] == [[THIEF]]


@pytest.mark.parametrize("linked", [app, passkey])
def test_device_linked_after_a_change_proves_nothing_for_a_week(
    linked: Callable[[User], Authenticator | Passkey],
) -> None:
    person = UserFactory(email=THIEF)
    own = of_long_ago(person)
    told(Event.ADDRESS_CHANGED_BY_PERSON, person, before=OWNER, after=THIEF)
    thiefs = linked(person)
    shows(person, thiefs)
    assert unproved.former_addresses(person) == [OWNER]
    assert unverified_changes.changes(person)
    with later(limits.NOT_ME_LINK):
        shows(person, thiefs)
        assert not unverified_changes.changes(person)
    told(Event.PASSWORD_CHANGED, person, way="mailed link")
    assert unverified_changes.changes(person)
    shows(person, own)
    assert not unverified_changes.changes(person)


def test_device_linked_just_before_a_change_proves_nothing_either() -> None:
    person = UserFactory(email=THIEF)
    of_long_ago(person)
    thiefs = passkey(person)
    told(Event.ADDRESS_CHANGED_BY_PERSON, person, before=OWNER, after=THIEF)
    shows(person, thiefs)
    assert unproved.former_addresses(person) == [OWNER]


def moved(person: User, before: str, after: str, event: Event = Event.ADDRESS_CHANGED_BY_PERSON) -> AuditEntry:
    User.objects.filter(pk=person.pk).update(email=after)
    person.refresh_from_db()
    return told(event, person, before=before, after=after)


def test_of_two_changes_in_a_row_the_owners_link_leads_back_to_the_owner() -> None:
    """Each change is told to every address that was left; the link of the second one must not lead to the thief's
    first."""
    person, other = UserFactory(email=OWNER), "dief2@elders.nl"
    of_long_ago(person)
    first = moved(person, OWNER, THIEF)
    second = moved(person, THIEF, other)
    page = press(second, OWNER)
    person.refresh_from_db()
    assert person.email == OWNER
    assert "is weer wat het was" in page
    assert not person.links_withheld
    assert unproved.former_addresses(person) == [], "the thief's addresses hear of nothing any more"
    for entry, mailbox in ((first, OWNER), (second, OWNER), (second, THIEF), (second, other)):
        press(entry, mailbox)
        person.refresh_from_db()
        assert person.email == OWNER, mailbox


def test_password_set_at_the_thiefs_address_goes_with_it() -> None:
    person = UserFactory(email=OWNER)
    entry = moved(person, OWNER, THIEF)
    told(Event.PASSWORD_CHANGED, person, way="mailed link")
    press(entry, OWNER)
    person.refresh_from_db()
    assert person.email == OWNER
    assert not person.check_password(PASSWORD)


def test_address_between_hears_that_an_earlier_one_is_back() -> None:
    person, between, last_one = UserFactory(email=OWNER), "tussen@voorbeeld.nl", "nu@voorbeeld.nl"
    of_long_ago(person)
    moved(person, OWNER, between)
    second = moved(person, between, last_one)
    mails().clear()
    press(second, OWNER)
    assert {between, last_one} <= {mail.to[0] for mail in mails()}


def test_device_that_a_recovery_code_removed_comes_back_with_doubt() -> None:
    person = UserFactory(email=OWNER)
    linked = app(person)
    told(Event.SIGNED_IN, person, factor="recovery_code", linked=linked.linked_in or 0)
    passkey(person)
    assert authenticators.remove(person, linked, HERE)
    press(last(Event.AUTHENTICATOR_REMOVED, person))
    person.refresh_from_db()
    assert person.links_withheld


def test_report_at_the_present_address_undoes_nothing_of_when_it_was_left_before() -> None:
    person = UserFactory(email=OWNER)
    with later(-20 * limits.NOT_ME_LINK):
        moved(person, OWNER, THIEF)
    own = of_long_ago(person)
    back = moved(person, THIEF, OWNER)
    press(back, OWNER)
    assert [one.pk for one in Authenticator.objects.filter(user=person)] == [own.pk]


def test_address_that_an_administrator_corrected_leaves_the_thief_nothing() -> None:
    person = UserFactory(email=OWNER)
    of_long_ago(person)
    moved(person, OWNER, THIEF)
    assert unproved.former_addresses(person) == [OWNER]
    moved(person, THIEF, OWNER, Event.ADDRESS_CHANGED)
    assert unproved.former_addresses(person) == []


def test_recovery_codes_made_after_a_change_prove_nothing_for_a_week() -> None:
    person = UserFactory(with_totp=True)
    told(Event.PASSWORD_CHANGED, person, way="mailed link")
    new = recovery_codes.make(person, HERE)
    client = browser()
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    client.post("/inloggen/herstelcode/", {"code": new[0]})
    assert last(Event.SIGNED_IN, person).detail["linked"] == last(Event.RECOVERY_CODES_MADE, person).pk
    assert unverified_changes.changes(person)


def test_sign_in_and_proof_tell_which_device_was_shown(client: Client) -> None:
    person, device = UserFactory(with_totp=True), Device()
    register(person, device)
    enter(person, device, WHOLE_SIGN_IN)
    added = last(Event.PASSKEY_ADDED, person).pk
    assert last(Event.SIGNED_IN, person).detail == {"factor": "passkey", "linked": added}
    client = signed_in(person)
    prove(client)
    assert Passkey.objects.get(user=person).linked_in == added
