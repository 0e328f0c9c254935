"""What a thief tries with passkeys: an old answer, an answer from elsewhere, a changed row, the right moment.

Who lies in the answer itself: `tests/accounts/two_factor/test_passkey_judgement.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256

from accounts import encryption, limits
from accounts.active_sessions import flows as sessions
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Membership, Organisation, SecondStep
from accounts.sso.models import Connection, Identity
from accounts.support.interventions import flows as interventions
from accounts.support.interventions.flows import InterventionRequest
from accounts.support.models import Kind
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import previous_devices
from accounts.two_factor.models import AccountRecovery, Passkey
from accounts.two_factor.passkeys import judgement
from tests.clock import later
from tests.codes import code_of, wrong_code_of
from tests.conftest import Browser, browser, mails, outlive_proof, prove
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import CODE, DETAILS, half_signed_in, is_signed_in, session_key, shown
from tests.passkey_doors import (
    ADD,
    ALERT,
    FRESH_PROOF,
    SECOND_FACTOR,
    WHOLE_SIGN_IN,
    Door,
    at_every_door,
    enter,
    person_in,
    present,
    register,
    signed_in_anew,
)
from tests.passkeys_client import Ceremony, Device, Twist, ceremony_of_sign_in, ceremony_on, new_key

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
FOREIGN = new_key(ES256.ALGORITHM)
OPTIONS = "/inloggen/met-passkey/opties/"


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


@pytest.fixture
def device(person: User) -> Device:
    """The phone of the person, with a passkey."""
    phone = Device()
    register(person, phone)
    return phone


# An answer from another moment or place.


@at_every_door
def test_answer_works_once(person: User, device: Device, door: Door) -> None:  # ASVS 6.7.2
    client, ceremony = door.begin(person)
    answer = device.get(ceremony.options)
    present(client, ceremony, answer)
    assert door.is_open(client)
    if door is FRESH_PROOF:
        outlive_proof(client)
    else:  # the copied cookies of before, with the posted form
        client.logout()
    present(client, ceremony, answer)
    assert not door.is_open(client)


@at_every_door
def test_answer_on_one_challenge_does_not_open_another_browser(person: User, device: Device, door: Door) -> None:
    _owners_browser, ceremony = door.begin(person)
    thiefs_browser, _own = door.begin(person)
    present(thiefs_browser, ceremony, device.get(ceremony.options))
    assert not door.is_open(thiefs_browser)


@at_every_door
def test_answer_does_not_fit_the_ceremony_of_another_page(person: User, device: Device, door: Door) -> None:
    _browser, ceremony = door.begin(person)
    client, own = door.begin(person)
    mixed = Ceremony(own.kind, own.options, own.token, own.address)
    present(client, mixed, device.get(ceremony.options))
    assert not door.is_open(client)


@at_every_door
def test_challenge_works_for_five_minutes(person: User, device: Device, door: Door) -> None:
    client, ceremony = door.begin(person)
    with later(limits.PASSKEY_CHALLENGE + timedelta(seconds=2)):
        answer = device.get(ceremony.options)
        page = shown(client, ceremony.address, ceremony.posted(answer))
        assert not door.is_open(client)
        assert "Interne fout" not in page


@at_every_door
@pytest.mark.parametrize("change", ["cut off", "changed", "empty", "not base64", "of another secret"])
def test_ceremony_that_we_did_not_make_is_void(person: User, device: Device, door: Door, change: str) -> None:
    client, ceremony = door.begin(person)
    token = {
        "cut off": ceremony.token[:-8],
        "changed": ceremony.token[:-6] + ("AAAA" if ceremony.token[-6:-2] != "AAAA" else "BBBB") + ceremony.token[-2:],
        "empty": "",
        "not base64": "é%%\x00",
        "of another secret": encryption.seal_text("{}", owner="authenticator:1"),
    }[change]
    present(client, Ceremony("get", {}, token, ceremony.address), device.get(ceremony.options))
    assert not door.is_open(client)


def test_answer_for_one_purpose_serves_no_other(person: User, device: Device) -> None:
    """Every ceremony in every form that one browser may post."""
    half = half_signed_in(person)
    of_code_page, of_sign_in = ceremony_on(half, CODE), ceremony_of_sign_in(half)
    present(half, Ceremony("get", {}, of_sign_in.token, of_code_page.address), device.get(of_sign_in.options))
    assert not is_signed_in(half)
    present(half, Ceremony("get", {}, of_code_page.token, of_sign_in.address), device.get(of_code_page.options))
    assert not is_signed_in(half)
    client, of_proof = FRESH_PROOF.begin(person)
    prove(client)
    to_add = ceremony_on(client, ADD)
    outlive_proof(client)
    # Signed for the challenge of the other form, so that nothing but the purpose is wrong.
    asked = of_proof.options | {"challenge": to_add.options["challenge"]}
    present(client, Ceremony("get", {}, to_add.token, of_proof.address), device.get(asked))
    assert not FRESH_PROOF.is_open(client)
    prove(client)
    asked = to_add.options | {"challenge": of_proof.options["challenge"]}
    present(client, Ceremony("create", {}, of_proof.token, to_add.address), Device().create(asked))
    assert Passkey.objects.count() == 1


def test_ceremony_of_one_person_does_not_add_for_another(person: User) -> None:
    """The thief's page in the owner's browser: without the binding the passkey would open the owner's account."""
    thief = signed_in_anew(UserFactory(with_totp=True))
    prove(thief)
    theirs = ceremony_on(thief, ADD)
    client = signed_in_anew(person)
    prove(client)
    present(client, theirs, Device().create(theirs.options))
    assert not Passkey.objects.exists()


def test_options_are_the_same_for_everybody(person: User, device: Device) -> None:
    """No address is asked, so none is told; and what is new each time is random."""
    for client in (browser(), half_signed_in(person), browser()):
        answer = client.get(OPTIONS)
        assert answer["Cache-Control"].find("no-store") >= 0
        told = answer.json()["options"]
        assert not told.get("allowCredentials")
        assert person.email not in answer.content.decode()
        told.pop("challenge")
        assert told == {"rpId": "mijn.assetmaps.nl", "userVerification": "required"} | {
            name: told[name] for name in told if name in ("timeout", "allowCredentials", "hints")
        }
    challenges = {browser().get(OPTIONS).json()["options"]["challenge"] for _ in range(10)}
    assert len(challenges) == 10


@pytest.mark.parametrize("address", ["/inloggen/passkey/", "/inloggen/met-passkey/", ADD])
def test_forms_ask_for_the_csrf_token(person: User, address: str) -> None:
    client = Browser(headers={"user-agent": "Testbrowser"}, enforce_csrf_checks=True)
    assert client.post(address, {"ceremony": "x", "credential": "x"}).status_code == 403


# Changed rows. ASVS 6.7.1


def _take_key(to: Passkey, of: Passkey) -> None:
    to.sealed_key = of.sealed_key
    to.save()


def _take_everything(to: Passkey, of: Passkey) -> None:
    to.sealed_key, to.credential_id, to.digest = of.sealed_key, of.credential_id, of.digest
    of.delete()
    to.save()


def _give_to(to: Passkey, of: Passkey) -> None:
    of.user_id = to.user_id
    of.save()


def _break(to: Passkey, of: Passkey) -> None:
    to.sealed_key = bytes(to.sealed_key)[:-1] + bytes([bytes(to.sealed_key)[-1] ^ 1])
    to.save()


@at_every_door
@pytest.mark.parametrize("change", [_take_key, _take_everything, _give_to, _break])
def test_row_changed_in_the_database_opens_nothing(person: User, device: Device, door: Door, change) -> None:
    """With write access to the database, and no key, nobody gets a passkey into another account."""
    thief, thiefs_phone = UserFactory(with_totp=True), Device()
    register(thief, thiefs_phone)
    change(Passkey.objects.get(user=person), Passkey.objects.get(user=thief))
    for phone, credential_of in ((thiefs_phone, thiefs_phone), (thiefs_phone, device), (device, device)):
        client, ceremony = door.begin(person)
        mine = credential_of.credentials[0]
        lie = Twist(key=phone.credentials[0].key)
        present(client, ceremony, phone.get(ceremony.options, lie, mine))
        owners_own = phone is device and change in (_give_to,)
        assert (person_in(client) == person.pk and door.is_open(client)) is owners_own


# Counters.


@pytest.fixture
def counting(person: User) -> Device:
    """A security key that counts, used a few times."""
    key = Device(counts=True)
    register(person, key)
    enter(person, key, WHOLE_SIGN_IN)
    enter(person, key, SECOND_FACTOR)
    assert Passkey.objects.get().sign_count == 2
    return key


@at_every_door
@pytest.mark.parametrize("counter", [0, 1, 2])
def test_counter_that_does_not_rise_is_refused_and_told(
    person: User, counting: Device, door: Door, counter: int
) -> None:
    client = enter(person, counting, door, Twist(counter=counter))
    assert not door.is_open(client)
    assert Passkey.objects.get().sign_count == 2
    entry = AuditEntry.objects.get(event="passkey_count_fell", subject=person)
    assert entry.detail["digest"] == Passkey.objects.get().short_digest
    assert [message.to for message in mails()].count([person.email]) >= 1


def test_counter_that_does_not_rise_is_mailed_once_a_day(person: User, counting: Device) -> None:
    for day, told in ((0, 1), (1, 2)):
        with later(limits.ALERT_MAIL_INTERVAL * day):
            for _ in range(2):
                enter(person, counting, WHOLE_SIGN_IN, Twist(counter=1))
            assert AuditEntry.objects.filter(event="passkey_count_fell").count() == told


@at_every_door
def test_stranger_cannot_say_that_the_counter_fell(person: User, counting: Device, door: Door) -> None:
    """Without the key nothing is told about the counter: the mail would only frighten."""
    before = len(mails())
    client = enter(person, counting, door, Twist(counter=1, key=FOREIGN))
    assert not door.is_open(client)
    assert not AuditEntry.objects.filter(event="passkey_count_fell").exists()
    assert len(mails()) == before


def test_counter_rises_to_the_largest_number(person: User, counting: Device) -> None:
    assert is_signed_in(enter(person, counting, WHOLE_SIGN_IN, Twist(counter=2**32 - 1)))
    assert Passkey.objects.get().sign_count == 2**32 - 1


# People who may not sign in, and what is theirs no longer.


def _deactivate(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def _remove(person: User) -> None:
    Passkey.objects.all().delete()


@at_every_door
@pytest.mark.parametrize("change", [_deactivate, _remove])
def test_what_ended_meanwhile_opens_nothing(person: User, device: Device, door: Door, change) -> None:
    client, ceremony = door.begin(person)
    answer = device.get(ceremony.options)
    change(person)
    shown(client, ceremony.address, ceremony.posted(answer))
    assert not door.is_open(client)
    assert not AuditEntry.objects.filter(event="signed_in", detail__factor="passkey").exists()


@at_every_door
def test_who_is_deactivated_while_the_answer_is_judged_uses_nothing(
    person: User, device: Device, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, ceremony = door.begin(person)
    judge = judgement.judge_assertion

    def deactivate_meanwhile(*asked: object) -> object:
        _deactivate(person)
        return judge(*asked)

    monkeypatch.setattr(judgement, "judge_assertion", deactivate_meanwhile)
    shown(client, ceremony.address, ceremony.posted(device.get(ceremony.options)))
    assert not door.is_open(client)
    assert Passkey.objects.get().last_used_at is None


def test_passkey_counts_nothing_during_account_recovery(person: User, device: Device) -> None:
    """Whoever begins one removes them; one that came back all the same is none."""
    AccountRecovery.objects.create(user=person)
    assert not is_signed_in(enter(person, device, WHOLE_SIGN_IN))


@pytest.fixture
def in_town_with_business_accounts(person: User) -> Connection:
    """The organisation of the person takes the business account only."""
    town = OrganisationFactory(second_step=SecondStep.BUSINESS_ACCOUNT)
    made = Connection(organisation=town, issuer="https://aanbieder.example", client_id="x", enabled=True)
    made.set_secret("geheim")
    made.save()
    Membership.objects.create(user=person, organisation=town)
    return made


def test_passkey_opens_nothing_where_the_business_account_is_the_only_way(
    person: User, device: Device, in_town_with_business_accounts: Connection
) -> None:
    client = enter(person, device, WHOLE_SIGN_IN)
    assert not is_signed_in(client)
    assert not AuditEntry.objects.filter(event="signed_in", detail__factor="passkey").exists()


def test_emergency_account_may_use_its_passkey_and_the_administrators_hear_of_it(
    person: User, device: Device, in_town_with_business_accounts: Connection
) -> None:
    Connection.objects.update(break_glass=person)
    boss = UserFactory(superuser=True)
    assert is_signed_in(enter(person, device, WHOLE_SIGN_IN))
    assert [boss.email] in [message.to for message in mails()]


def test_second_factor_at_the_provider_is_not_avoided_by_a_passkey(
    person: User, device: Device, in_town_with_business_accounts: Connection
) -> None:
    """Who was removed at the provider keeps no way in here, where the organisation decides over the person."""
    town = in_town_with_business_accounts.organisation
    Organisation.objects.filter(pk=town.pk).update(second_step=SecondStep.OPTIONAL)
    Connection.objects.update(vouching="amr", vouching_value="mfa")
    Identity.objects.create(organisation=town, issuer="https://aanbieder.example", subject="1", user=person)
    # A second factor of ours counts beside it, as the app does after the password.
    assert is_signed_in(enter(person, device, SECOND_FACTOR)) == is_signed_in(enter(person, device, WHOLE_SIGN_IN))


def test_reset_by_support_takes_the_passkeys_too(person: User, device: Device) -> None:
    client, ceremony = WHOLE_SIGN_IN.begin(person)
    interventions.act(InterventionRequest(Kind.RESET, person, UserFactory(superuser=True), "telefoon weg"), HERE)
    assert not Passkey.objects.exists()
    present(client, ceremony, device.get(ceremony.options))
    assert not is_signed_in(client)


def test_session_that_was_planted_is_not_the_one_signed_in_anew(person: User, device: Device) -> None:
    for door in (WHOLE_SIGN_IN, SECOND_FACTOR):
        client, ceremony = door.begin(person)
        planted = client.cookies.get(settings.SESSION_COOKIE_NAME)
        number = planted.value if planted else ""
        present(client, ceremony, device.get(ceremony.options))
        assert door.is_open(client)
        assert session_key(client) != number


def test_sign_in_takes_over_nothing_of_the_session_of_somebody_else(person: User, device: Device) -> None:
    """On a shared computer: neither their proof nor what they were about to do."""
    other = UserFactory(with_totp=True)
    client = signed_in_anew(other)
    session = client.session
    session["left_behind"] = "x"
    session.save()
    ceremony = ceremony_of_sign_in(client)
    present(client, ceremony, device.get(ceremony.options))
    if person_in(client) == person.pk:
        assert "left_behind" not in client.session


def test_wrong_answers_never_lock_the_owner_out(person: User, device: Device) -> None:
    """Passkeys cannot be guessed, so a right one passes; and codes are not made to wait by them."""
    for _ in range(12):
        enter(person, device, SECOND_FACTOR, Twist(key=FOREIGN))
        enter(person, device, WHOLE_SIGN_IN, Twist(key=FOREIGN))
    assert is_signed_in(enter(person, device, WHOLE_SIGN_IN))
    assert is_signed_in(enter(person, device, SECOND_FACTOR))
    assert is_signed_in(signed_in_anew(person))


def test_wrong_answers_are_counted_until_a_right_one(person: User, device: Device) -> None:
    mine = AttemptCounter.objects.filter(kind="passkey", subject=f"user:{person.pk}")
    for failures in (1, 2):
        enter(person, device, SECOND_FACTOR, Twist(key=FOREIGN))
        assert [one.failures for one in mine.all()] == [failures]
    enter(person, device, SECOND_FACTOR)
    assert not any(one.failures for one in mine.all())


def test_passkey_passes_the_waits_for_codes_and_does_not_end_them(person: User, device: Device) -> None:
    """NIST SP 800-63B-4 section 3.2.2: a success clears what counts in a row for the same kind only."""
    guessing = half_signed_in(person)
    for _ in range(5):
        guessing.post(CODE, {"code": wrong_code_of(person)})
    assert is_signed_in(enter(person, device, SECOND_FACTOR))
    assert not is_signed_in(shown_code(half_signed_in(person), person))


def shown_code(client: Client, person: User) -> Client:
    client.post(CODE, {"code": code_of(person)})
    return client


def test_closed_counter_of_codes_does_not_open_by_a_passkey(person: User, device: Device) -> None:
    AttemptCounter.objects.update_or_create(
        subject=f"user:{person.pk}", kind="code", bucket="", defaults={"closed": True, "failures": 10}
    )
    enter(person, device, SECOND_FACTOR)
    assert AttemptCounter.objects.get(kind="code", bucket="").closed


# Adding and removing.


def test_adding_asks_for_fresh_proof(person: User) -> None:
    client = signed_in_anew(person)
    prove(client)
    ceremony = ceremony_on(client, ADD)
    outlive_proof(client)
    client.post(ceremony.address, ceremony.posted(Device().create(ceremony.options)))
    assert not Passkey.objects.exists()
    assert "bevestig-identiteit" in client.get(ADD).url


def test_challenge_makes_one_passkey(person: User) -> None:
    client = signed_in_anew(person)
    prove(client)
    ceremony = ceremony_on(client, ADD)
    for _ in range(2):
        present(client, ceremony, Device().create(ceremony.options))
    assert Passkey.objects.count() == 1


def test_request_under_way_adds_nothing_once_its_session_was_ended(person: User, monkeypatch) -> None:
    """A thief sends one after the other while the owner reports the first: none may be stored behind the report."""
    for has_passkey in (False, True):
        if has_passkey:
            register(person, Device())
        client = signed_in_anew(person)
        prove(client)
        ceremony = ceremony_on(client, ADD)
        judge = judgement.judge_registration

        def end_meanwhile(*asked: object, judge: Callable = judge) -> object:
            sessions.end_all(person)
            return judge(*asked)

        with monkeypatch.context() as patch:
            patch.setattr(judgement, "judge_registration", end_meanwhile)
            answer = client.post(ADD, ceremony.posted(Device().create(ceremony.options)))
        assert answer.status_code < 500
        assert Passkey.objects.count() == has_passkey
        assert not is_signed_in(client)


def test_session_without_its_second_factor_adds_none(person: User) -> None:
    half = half_signed_in(person)
    assert half.get(ADD).status_code == 302
    half.post(ADD, {"ceremony": "x", "credential": "{}"})
    assert not Passkey.objects.exists()


def test_credential_belongs_to_one_account(person: User, device: Device) -> None:
    """WebAuthn section 7.1, step 26: a credential id that is registered already is refused, whoever has it."""
    for who in (person, UserFactory(with_totp=True)):
        client = signed_in_anew(who)
        prove(client)
        ceremony = ceremony_on(client, ADD)
        fresh = Device()
        mine = device.credentials[0]
        answer = fresh.create(ceremony.options, Twist(key=mine.key), as_id=mine.id)
        page = present(client, ceremony, answer)
        assert ALERT in page
        assert Passkey.objects.get().user == person


def test_refused_additions_do_not_fill_the_trail(person: User) -> None:
    client = signed_in_anew(person)
    prove(client)
    ceremony = ceremony_on(client, ADD)
    wrong = Device().create(ceremony.options, Twist(flags=0))
    for _ in range(limits.REFUSAL_ENTRIES + 3):
        present(client, ceremony, wrong)
    refused = AuditEntry.objects.filter(event="passkey_refused")
    assert refused.count() == limits.REFUSAL_ENTRIES
    assert {entry.detail["purpose"] for entry in refused} == {"add"}


def test_strangers_write_no_more_than_their_network_may(
    person: User, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NETWORK_FAILURES", 2)
    for _ in range(4):
        enter(person, device, WHOLE_SIGN_IN, Twist(key=FOREIGN))
    assert AuditEntry.objects.filter(event="passkey_refused").count() == 2
    assert person_in(enter(person, device, WHOLE_SIGN_IN)) == person.pk, "a right one passes"


def test_challenge_of_a_clock_far_ahead_is_not_taken(person: User, device: Device) -> None:
    """It would still count when nobody remembers that it was used."""
    with later(timedelta(hours=2)):
        client, ceremony = WHOLE_SIGN_IN.begin(person)
    present(client, ceremony, device.get(ceremony.options))
    assert not WHOLE_SIGN_IN.is_open(client)


@pytest.mark.parametrize("name", ["passkey_sign_in", "passkey_verify"])
def test_second_tab_goes_on_after_another_signed_in_or_out(person: User, name: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/inloggen/")
    assert strict.post(reverse(name), {"csrfmiddlewaretoken": "x" * 64}).url.startswith("/inloggen/")


def test_there_is_a_limit(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSKEYS", 2)
    for _ in range(2):
        register(person, Device())
    client = signed_in_anew(person)
    prove(client)
    # Told before the device makes one that we would refuse.
    assert "Je kunt geen passkey meer toevoegen." in shown(client, ADD)


def test_passkeys_of_others_are_not_reachable(person: User, device: Device) -> None:
    thief = signed_in_anew(UserFactory(with_totp=True))
    prove(thief)
    theirs = Passkey.objects.get()
    for what in ("naam", "verwijderen"):
        address = f"/persoonlijke-gegevens/passkeys/{theirs.pk}/{what}/"
        assert thief.get(address).status_code in (302, 404, 405)
        assert thief.post(address, {"name": "van mij"}).status_code in (302, 404)
    assert Passkey.objects.get().name == theirs.name


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "x" * 65, "\x00", "  ", "\u202eabc", "a\nb"])
def test_odd_names_are_shown_as_text(person: User, device: Device, name: str) -> None:
    client = signed_in_anew(person)
    prove(client)
    address = f"/persoonlijke-gegevens/passkeys/{Passkey.objects.get().pk}/naam/"
    shown(client, address, {"name": name})
    assert "<script>alert" not in client.get(DETAILS).content.decode()
    kept = Passkey.objects.get().name
    assert kept.strip()
    assert len(kept) <= 64
    assert "\x00" not in kept
    assert "\n" not in kept


def test_removed_passkey_cannot_be_kept_from_its_owner(person: User, device: Device) -> None:
    """A thief in the session of the owner sees the id of the passkey, removes it and adds one with that id to another
    account: then a report "this was not me" could not put it back."""
    removed = Passkey.objects.get()
    owner = signed_in_anew(person)
    prove(owner)
    owner.post(f"/persoonlijke-gegevens/passkeys/{removed.pk}/verwijderen/")
    assert not Passkey.objects.exists()
    thief = signed_in_anew(UserFactory(with_totp=True))
    prove(thief)
    ceremony = ceremony_on(thief, ADD)
    taken = Device().create(ceremony.options, as_id=device.credentials[0].id)
    assert ALERT in present(thief, ceremony, taken)
    assert not Passkey.objects.exists()
    entry = AuditEntry.objects.get(event="passkey_removed")
    assert len(previous_devices.restore_since(person, entry.pk)) == 1
    assert is_signed_in(enter(person, device, SECOND_FACTOR)), "beside the password first, as one that came back"
