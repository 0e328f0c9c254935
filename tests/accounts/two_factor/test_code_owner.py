"""A code of another app of the same person: explained, and never accepted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.models import Authenticator, FormerAuthenticator
from accounts.two_factor.totp import flows as totp
from tests.codes import code_of, phone
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import (
    ACTIVATE,
    CODE,
    CONFIRM,
    DETAILS,
    USED_CODE,
    WRONG_CODE,
    half_signed_in,
    is_signed_in,
    shown,
    signed_in,
    type_code,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=ZoneInfo("Europe/Amsterdam"))
HERE = Origin("192.0.2.1", "Testbrowser")
NEWEST = "Staat Assetmaps meer dan één keer in je app?"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def nothing_counts() -> bool:
    return not AttemptCounter.objects.filter(failures__gt=0).exists()


def causes(event: str = "code_refused") -> list[str]:
    return list(AuditEntry.objects.filter(event=event).order_by("pk").values_list("detail__cause", flat=True))


def test_other_device_is_named_and_chosen_and_its_next_code_signs_in(
    clock: time_machine.Coordinates, person: User
) -> None:
    first = Authenticator.objects.get()
    tablet = AuthenticatorFactory(user=person, name="Tablet")
    client = half_signed_in(person)
    page = shown(client, CODE, {"code": phone(tablet).now(), "device": str(first.pk)})
    assert "Deze code is van “Tablet”. Kies dat apparaat en vul de volgende code in die het laat zien." in page
    assert f'<option value="{tablet.pk}" selected>' in page
    assert nothing_counts()
    assert causes() == ["other_device"]
    clock.shift(30)
    assert client.post(CODE, {"code": phone(tablet).now(), "device": str(tablet.pk)}).url == "/"


def test_code_that_was_told_to_be_of_another_device_does_not_sign_in_there(person: User) -> None:
    first = Authenticator.objects.get()
    tablet = AuthenticatorFactory(user=person, name="Tablet")
    for ahead in (-30, 0, 30):
        code = phone(tablet).at(int(NOON.timestamp()) + ahead)
        client = half_signed_in(person)
        shown(client, CODE, {"code": code, "device": str(first.pk)})
        assert USED_CODE in shown(client, CODE, {"code": code, "device": str(tablet.pk)})
        assert not is_signed_in(client)


def test_set_up_does_not_tell_a_code_of_a_linked_phone_that_still_works(person: User) -> None:
    """Wrong codes of a set-up are not counted, so what it tells must be worth nothing."""
    client = signed_in(person)
    client.post(ACTIVATE)
    code = code_of(person, 30)
    page = shown(client, CONFIRM, {"code": code})
    assert "Deze code is van “Telefoon”, en dat apparaat is al gekoppeld." in page
    assert NEWEST in page
    assert causes("activation_refused") == ["linked_already"]
    assert USED_CODE in type_code(half_signed_in(person), code)


def test_fresh_proof_during_a_set_up_names_the_unfinished_one(person: User) -> None:
    client = signed_in(person)
    client.post(ACTIVATE)
    new = phone(Authenticator.objects.get(confirmed=False))
    outlive_proof(client)
    page = shown(client, f"/bevestig-identiteit/?next={CONFIRM}", {"password": PASSWORD, "code": new.now()})
    assert "Deze code hoort bij een koppeling die niet is afgemaakt." in page
    assert NEWEST in page
    assert nothing_counts()
    assert causes("identity_refused") == ["unfinished"]


def test_code_of_an_earlier_qr_code_is_named_at_the_set_up(clock: time_machine.Coordinates, person: User) -> None:
    client = signed_in(person)
    client.post(ACTIVATE)
    earlier = phone(Authenticator.objects.get(confirmed=False))
    clock.shift(limits.PENDING_AUTHENTICATOR / 2)
    client.get(DETAILS)  # else the session ends at the same time
    clock.shift(limits.PENDING_AUTHENTICATOR / 2)
    outlive_proof(client)
    client.post(f"/bevestig-identiteit/?next={ACTIVATE}", {"password": PASSWORD, "code": code_of(person)})
    client.post(ACTIVATE)
    page = shown(client, CONFIRM, {"code": earlier.now()})
    assert "Deze code hoort bij een koppeling die niet is afgemaakt." in page
    assert causes("activation_refused") == ["unfinished"]


def replace_phone(person: User) -> None:
    old = devices.authenticator_of(person)
    pending = totp.begin(person, replaces=old)
    totp.activate(person, phone(pending).now(), "Nieuwe telefoon", HERE)


def test_phone_that_was_replaced_is_named_and_counted(person: User) -> None:
    """Counted as before: whoever has that phone may not be the owner any more."""
    old = phone(Authenticator.objects.get())
    replace_phone(person)
    client = half_signed_in(person)
    page = type_code(client, old.now())
    assert "Deze code is van “Telefoon”, en dat apparaat is op 23 november vervangen door een andere telefoon." in page
    assert not is_signed_in(client)
    assert AttemptCounter.objects.get(kind="code").failures == 1
    assert causes() == ["replaced"]
    assert FormerAuthenticator.objects.get().why == "replaced"


def test_device_that_was_removed_is_named(person: User) -> None:
    tablet = AuthenticatorFactory(user=person, name="Tablet")
    shows = phone(tablet)
    authenticators.remove(person, tablet, HERE)
    page = type_code(half_signed_in(person), shows.now())
    assert "Deze code is van “Tablet”, en dat apparaat is op 23 november verwijderd." in page


def test_ten_codes_of_a_replaced_phone_close_the_door_as_ten_wrong_ones_do(
    clock: time_machine.Coordinates, person: User
) -> None:
    old = phone(Authenticator.objects.get())
    replace_phone(person)
    for _ in range(limits.CODE_STOLEN_AFTER):
        type_code(half_signed_in(person), old.now())
        clock.shift(timedelta(minutes=16))
    assert AuditEntry.objects.filter(event="password_treated_as_stolen").exists()


def test_former_secret_is_kept_for_a_month_and_opens_nothing(clock: time_machine.Coordinates, person: User) -> None:
    old = phone(Authenticator.objects.get())
    for _ in range(limits.FORMER_AUTHENTICATORS + 2):
        clock.shift(60)
        replace_phone(person)
    # The oldest too, as long as a report can bring it back; its codes are not told apart any more.
    assert len(previous_devices.of(person)) == limits.FORMER_AUTHENTICATORS
    assert WRONG_CODE in type_code(half_signed_in(person), old.now())
    clock.shift(limits.FORMER_AUTHENTICATOR_KEPT)
    assert previous_devices.of(person) == []
    call_command("purge", stdout=StringIO())
    assert not FormerAuthenticator.objects.exists()


def test_former_secret_is_sealed_and_moves_to_the_newest_key(person: User, settings: object) -> None:
    secret = Authenticator.objects.get().secret()
    replace_phone(person)
    kept = FormerAuthenticator.objects.get()
    assert secret not in bytes(kept.sealed_secret)
    assert kept.secret() == secret
    settings.ENCRYPTION_KEYS = ["YW5vdGhlciBrZXksIGFub3RoZXIga2V5LCAzMiBieSE=", *settings.ENCRYPTION_KEYS]
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out)
    assert "3 secrets" in out.getvalue()  # both apps, and the mail about the new one
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert FormerAuthenticator.objects.get().secret() == secret


@pytest.mark.parametrize("gone", ["purge", "switch off", "reset"])
def test_every_way_to_lose_a_device_keeps_its_name(clock: time_machine.Coordinates, person: User, gone: str) -> None:
    match gone:
        case "purge":
            AuthenticatorFactory(user=person, name="Nooit af", confirmed=False)
            clock.shift(limits.PENDING_AUTHENTICATOR)
            assert devices.purge_set_ups() == 1
        case "switch off":
            client = signed_in(person)
            clock.shift(30)
            client.post("/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/", {"code": code_of(person)})
            assert "staat uit" in shown(client, DETAILS) or not devices.has_confirmed_device(person)
        case _:
            assert devices.remove_all(person) == 1
    why, name = FormerAuthenticator.objects.values_list("why", "name").get()
    assert (why, name) == (("unfinished", "Nooit af") if gone == "purge" else ("removed", "Telefoon"))


def test_codes_of_other_people_are_just_wrong(person: User) -> None:
    other = UserFactory(with_totp=True)
    replace_phone(other)
    client = half_signed_in(person)
    assert WRONG_CODE in type_code(client, code_of(other))
