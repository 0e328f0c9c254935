"""Passkeys when requests come at the same moment; on every database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from django.test import Client
from fido2.utils import websafe_decode

from accounts import limits
from accounts.audit import report_links
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.support import reports
from accounts.support.interventions import flows as interventions
from accounts.support.interventions.flows import InterventionRequest
from accounts.support.models import Kind
from accounts.throttling import flows as throttling
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.models import (
    AccountRecovery,
    Authenticator,
    Passkey,
    PasskeyHandle,
    UsedChallenge,
)
from accounts.two_factor.passkeys import ceremonies, registration
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.conftest import browser, prove
from tests.factories import UserFactory
from tests.pages import SWITCH_OFF, at_once, is_signed_in, then_pause
from tests.passkey_doors import (
    ADD,
    DOORS,
    FRESH_PROOF,
    PROOF,
    WHOLE_SIGN_IN,
    Door,
    at_every_door,
    enter,
    register,
    signed_in_anew,
)
from tests.passkeys_client import Ceremony, Device, Twist, ceremony_on

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 8
HERE = Origin("192.0.2.7", "Testbrowser")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def copies(client: Client) -> list[Client]:
    """Browsers with the same cookies, as a thief has who copied them."""
    made = [browser() for _ in range(CROWD)]
    for one in made:
        one.cookies.update(client.cookies)
    return made


def posting(client: Client, ceremony: Ceremony, credential: object) -> Callable[[], int]:
    return lambda: client.post(ceremony.address, ceremony.posted(credential)).status_code


def entries(event: str) -> int:
    return AuditEntry.objects.filter(event=event, succeeded=True).count()


@at_every_door
def test_one_answer_lets_exactly_one_of_many_in(person: User, door: Door) -> None:  # ASVS 6.7.2
    device, event = Device(), "identity_confirmed" if door is FRESH_PROOF else "signed_in"
    register(person, device)
    client, ceremony = door.begin(person)
    before = entries(event)
    answer = device.get(ceremony.options)
    browsers = copies(client)
    statuses = at_once([posting(one, ceremony, answer) for one in browsers])
    assert set(statuses) == {302}
    assert [door.is_open(one) for one in browsers].count(True) == 1
    assert entries(event) == before + 1
    assert UsedChallenge.objects.filter(digest=digest_of(ceremony)).count() == 1


def digest_of(ceremony: Ceremony) -> str:
    return ceremonies.digest_of(websafe_decode(ceremony.options["challenge"]))


def test_one_answer_either_proves_or_switches_off(person: User) -> None:
    """Both pages ask for the same purpose."""
    device = Device()
    register(person, device)
    client = signed_in_anew(person)
    prove(client)
    ceremony = ceremony_on(client, SWITCH_OFF)
    answer = device.get(ceremony.options)
    elsewhere = replace(ceremony, address=f"{PROOF}?next={SWITCH_OFF}")
    asked = [ceremony, elsewhere] * (CROWD // 2)
    at_once([posting(one, each, answer) for one, each in zip(copies(client), asked, strict=True)])
    assert entries("identity_confirmed") + entries("second_step_switched_off") == 1
    assert Passkey.objects.count() == 1 - entries("second_step_switched_off")


def test_copy_of_a_key_gets_in_once_with_one_count(person: User) -> None:
    device = Device(counts=True)
    register(person, device)
    begun = [WHOLE_SIGN_IN.begin(person) for _ in range(CROWD)]
    answers = [device.get(ceremony.options, Twist(counter=7)) for _client, ceremony in begun]
    at_once([posting(client, ceremony, one) for (client, ceremony), one in zip(begun, answers, strict=True)])
    assert [is_signed_in(client) for client, _ceremony in begun].count(True) == 1
    assert Passkey.objects.get().sign_count == 7


def test_form_that_is_posted_twice_adds_one(person: User) -> None:
    client = signed_in_anew(person)
    prove(client)
    ceremony = ceremony_on(client, ADD)
    answer = Device().create(ceremony.options)
    statuses = at_once([posting(one, ceremony, answer) for one in copies(client)])
    assert set(statuses) == {302}
    assert Passkey.objects.count() == 1
    assert AuditEntry.objects.filter(event="passkey_added").count() == 1


def test_two_first_registrations_at_once_are_of_one_name_and_make_one_set_of_codes(person: User, monkeypatch) -> None:
    """In two tabs: under another user handle than its device knows, a passkey could never sign in."""
    monkeypatch.setattr(recovery_codes, "prepare", then_pause(recovery_codes.prepare))
    client, phones = signed_in_anew(person), [Device(), Device()]
    prove(client)
    asked = [ceremony_on(client, ADD) for _ in phones]
    tabs = zip(copies(client), asked, phones, strict=False)
    at_once([posting(one, each, phone.create(each.options)) for one, each, phone in tabs])
    assert Passkey.objects.count() == 2
    assert PasskeyHandle.objects.count() == 1
    assert entries("recovery_codes_made") == 1
    for phone in phones:
        assert is_signed_in(enter(person, phone, WHOLE_SIGN_IN))


def test_credential_registered_by_two_people_at_once_belongs_to_one(person: User, monkeypatch) -> None:
    monkeypatch.setattr(registration, "_reason_against", then_pause(registration._reason_against))
    tasks = []
    for one in (person, UserFactory(with_totp=True)):
        client = signed_in_anew(one)
        prove(client)
        ceremony = ceremony_on(client, ADD)
        tasks.append(posting(client, ceremony, Device().create(ceremony.options, as_id=b"the same id of both" * 2)))
    assert at_once(tasks) == [302, 302]
    assert Passkey.objects.count() == entries("passkey_added") == 1


def test_limit_holds_for_registrations_at_once(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSKEYS", 2)
    monkeypatch.setattr(registration.devices, "situation_of", then_pause(devices.situation_of))
    register(person, Device())
    tasks = []
    for _ in range(4):
        client = signed_in_anew(person)
        prove(client)
        ceremony = ceremony_on(client, ADD)
        tasks.append(posting(client, ceremony, Device().create(ceremony.options)))
    at_once(tasks)
    assert Passkey.objects.count() == 2


@pytest.mark.parametrize("beside", ["a passkey", "an app"])
def test_of_the_last_two_removed_at_once_one_stays(person: User, monkeypatch: pytest.MonkeyPatch, beside: str) -> None:
    """Removing the last one is switching the second factor off, which asks more."""
    register(person, Device())
    tasks = [partial(passkeys.remove, person, Passkey.objects.get(), HERE)]
    if beside == "an app":
        tasks.append(partial(authenticators.remove, person, Authenticator.objects.get(), HERE))
    else:
        register(person, Device())
        tasks.append(partial(passkeys.remove, person, Passkey.objects.latest("pk"), HERE))
        Authenticator.objects.all().delete()
    monkeypatch.setattr(passkeys.devices, "situation_of", then_pause(devices.situation_of))
    monkeypatch.setattr(passkeys.devices, "factors_of", then_pause(devices.factors_of))
    assert sorted(at_once(tasks)) == [False, True]
    assert Passkey.objects.count() + Authenticator.objects.count() == 1


@at_every_door
def test_passkey_removed_while_it_is_shown_opens_nothing_for_long(person: User, door: Door) -> None:
    """Whichever was first: a session that it opened ends with it."""
    device = Device()
    register(person, device)
    owner = signed_in_anew(person)
    prove(owner)
    client, ceremony = door.begin(person)
    answer = device.get(ceremony.options)
    remove = f"/persoonlijke-gegevens/passkeys/{Passkey.objects.get().pk}/verwijderen/"
    statuses = at_once([posting(client, ceremony, answer), lambda: owner.post(remove).status_code])
    assert set(statuses) == {302}
    assert not Passkey.objects.exists()
    assert not is_signed_in(client)
    assert not is_signed_in(enter(person, device, WHOLE_SIGN_IN))


def test_nothing_that_happens_to_passkeys_at_once_waits_for_ever(person: User, monkeypatch) -> None:
    """Each way to use or change them, of one person in one moment: a deadlock would be an error of one of them."""
    first, second = Device(), Device()
    register(person, first)
    register(person, second)
    mine = list(Passkey.objects.order_by("pk"))
    begun = [(door.begin(person), first) for door in DOORS] + [(door.begin(person), second) for door in DOORS]
    tasks = [posting(client, ceremony, device.get(ceremony.options)) for (client, ceremony), device in begun]
    owner = signed_in_anew(person)
    prove(owner)
    ceremony = ceremony_on(owner, ADD)
    add, remove, rename = copies(owner)[:3]
    page = f"/persoonlijke-gegevens/passkeys/{mine[0].pk}"
    third = Device()
    tasks.append(posting(add, ceremony, third.create(ceremony.options)))
    tasks.append(lambda: remove.post(f"{page}/verwijderen/").status_code)
    tasks.append(lambda: rename.post(f"{page}/naam/", {"name": "Laptop"}).status_code)
    entry = AuditEntry.objects.filter(event="passkey_added").latest("pk")
    tasks.append(partial(reports.report, report_links.make_token(entry), HERE))
    reset = InterventionRequest(Kind.RESET, person, UserFactory(superuser=True), "telefoon weg")
    tasks.append(partial(interventions.act, reset, HERE))
    # In the middle of each, so that they meet.
    monkeypatch.setattr(throttling, "count_success", then_pause(throttling.count_success, 0.05))
    monkeypatch.setattr(previous_devices, "record_end", then_pause(previous_devices.record_end, 0.05))
    answers = at_once(tasks)
    assert 500 not in answers
    # The reset removes all; a report that comes after it brings back what was there before what it reports.
    assert AccountRecovery.objects.exists() != devices.has_confirmed_device(person)
    assert not Passkey.objects.filter(credential_id=second.credentials[0].id)
    assert not Passkey.objects.filter(credential_id=third.credentials[0].id) or not AccountRecovery.objects.exists()
