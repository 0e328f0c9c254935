"""Passkeys when requests come at the same moment; on every database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.two_factor import devices
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.models import Authenticator, Passkey
from accounts.two_factor.passkeys import flows as passkeys
from tests.conftest import browser, prove
from tests.factories import UserFactory
from tests.pages import at_once, is_signed_in, then_pause
from tests.passkey_doors import ADD, SECOND_FACTOR, WHOLE_SIGN_IN, Door, enter, register, signed_in_anew
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


@pytest.mark.parametrize("door", [SECOND_FACTOR, WHOLE_SIGN_IN], ids=str)
def test_one_answer_lets_exactly_one_of_many_in(person: User, door: Door) -> None:  # ASVS 6.7.2
    device = Device()
    register(person, device)
    before = AuditEntry.objects.filter(event="signed_in").count()
    client, ceremony = door.begin(person)
    answer = device.get(ceremony.options)
    browsers = copies(client)
    statuses = at_once([posting(one, ceremony, answer) for one in browsers])
    assert set(statuses) == {302}
    assert [is_signed_in(one) for one in browsers].count(True) == 1
    assert AuditEntry.objects.filter(event="signed_in").count() == before + 1


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


def test_limit_holds_for_registrations_at_once(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSKEYS", 2)
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


def test_removed_while_it_signs_in_is_one_or_the_other(person: User) -> None:
    device = Device()
    register(person, device)
    owner = signed_in_anew(person)
    prove(owner)
    client, ceremony = WHOLE_SIGN_IN.begin(person)
    remove = f"/persoonlijke-gegevens/passkeys/{Passkey.objects.get().pk}/verwijderen/"
    statuses = at_once(
        [posting(client, ceremony, device.get(ceremony.options)), lambda: owner.post(remove).status_code]
    )
    assert set(statuses) == {302}
    assert not Passkey.objects.exists()
    # In first or refused; never in afterwards with the same device.
    assert not is_signed_in(enter(person, device, WHOLE_SIGN_IN))
