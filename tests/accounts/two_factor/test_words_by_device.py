"""Who has only a passkey reads nothing of a phone or an app, and who has only an app nothing of a passkey."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.two_factor.models import RecoveryCode
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.factories import UserFactory
from tests.pages import DETAILS, SWITCH_OFF, half_signed_in, shown, signed_in
from tests.passkey_doors import ADD, SECOND_FACTOR, enter
from tests.passkeys_client import Device, ceremony_on

pytestmark = pytest.mark.django_db

CODES = "/persoonlijke-gegevens/herstelcodes/"
BEFORE_THE_CODE = ["/inloggen/verificatie/", "/inloggen/herstelcode/", "/inloggen/telefoon-kwijt/"]
A_PHONE = re.compile(r"telefoon|\bapp\b|cijfers", re.IGNORECASE)
WORDS = re.compile(r"<script.*?</script>|<style.*?</style>|<[^>]*>", re.DOTALL)


def read_on(client: Client, address: str) -> str:
    """What stands on the page, without its attributes and without the top and foot of every page."""
    page = shown(client, address)
    return re.sub(r"\s+", " ", WORDS.sub(" ", page.partition("<main")[2].partition("</main>")[0]))


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def owner(device: Device) -> User:
    """Of one passkey and nothing else; the codes that came with it were kept."""
    person = UserFactory()
    client = signed_in(person)
    asked = ceremony_on(client, ADD)
    client.post(asked.address, asked.posted(device.create(asked.options)))
    return person


def test_before_the_passkey_nothing_is_said_of_a_phone(owner: User) -> None:
    client = half_signed_in(owner)
    for address in BEFORE_THE_CODE:
        page = read_on(client, address)
        assert not A_PHONE.search(page), f"{address}: {page}"
    assert "Apparaat kwijt?" in read_on(client, BEFORE_THE_CODE[0])
    assert "Gebruik je passkey" in read_on(client, BEFORE_THE_CODE[1])


@pytest.mark.parametrize("left", [limits.RECOVERY_CODES, 1], ids=["codes", "last code"])
def test_after_a_recovery_code_a_passkey_is_offered_and_the_old_one_goes_on(owner: User, left: int) -> None:
    codes = recovery_codes.make(owner, Origin())
    client = half_signed_in(owner)
    spent = RecoveryCode.objects.filter(code_set__user=owner).order_by("pk")[left:].values_list("pk", flat=True)
    RecoveryCode.objects.filter(pk__in=list(spent)).update(used_at=timezone.now())
    shown(client, BEFORE_THE_CODE[1], {"code": codes[0]})
    page = read_on(client, "/inloggen/herstelcode/gebruikt/")
    assert "je passkey blijft werken" in page
    assert not A_PHONE.search(page), page
    assert ("Maak je een passkey? Dan krijg je ook nieuwe" in page) == (left == 1)


def test_signed_in_nothing_is_said_of_a_phone_that_is_not_there(owner: User, device: Device) -> None:
    client = enter(owner, device, SECOND_FACTOR)
    for address in (SWITCH_OFF, CODES):
        page = read_on(client, address)
        assert not A_PHONE.search(page), f"{address}: {page}"
    page = read_on(client, DETAILS)
    assert "telefoon" not in page


def test_new_codes_are_kept_apart_from_the_device(owner: User, device: Device) -> None:
    client = enter(owner, device, SECOND_FACTOR)
    client.post(f"{CODES}nieuw/")
    page = read_on(client, CODES)
    assert "Apparaat kwijt? Dan log je in met je wachtwoord en een van deze codes" in page
    assert "Telefoon kwijt" not in page


def test_who_has_an_app_only_reads_of_the_phone() -> None:
    client = half_signed_in(UserFactory(with_totp=True))
    assert "Telefoon kwijt?" in read_on(client, BEFORE_THE_CODE[0])
    assert "Telefoon kwijt?" in read_on(client, BEFORE_THE_CODE[2])
    for address in BEFORE_THE_CODE:
        assert "passkey" not in read_on(client, address)
