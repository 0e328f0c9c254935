"""A secret that cannot be decrypted: explained with a reference number, not counted, and logged as an error."""

from __future__ import annotations

import base64
import os
import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, AuthenticatorFactory, UserFactory
from tests.pages import (
    ACTIVATE,
    CODE,
    CONFIRM,
    SWITCH_OFF,
    TOO_MANY,
    WRONG_CODE,
    groups_of_the_secret,
    half_signed_in,
    is_signed_in,
    shown,
    signed_in,
    type_code,
)

pytestmark = pytest.mark.django_db

OURS = "Dat ligt aan ons, niet aan jou, en het telt niet als foute code."
HERE = Origin("192.0.2.1", "Testbrowser")
PROVE = "/bevestig-identiteit/?next=/persoonlijke-gegevens/wachtwoord/"


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def another_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def spoil(**which: object) -> None:
    Authenticator.objects.filter(**which).update(sealed_secret=b"\x01" + bytes(60))


def nothing_counts() -> bool:
    return not AttemptCounter.objects.filter(failures__gt=0).exists()


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x02" + b"x" * 60, "another person's", "another key"])
def test_sign_in_says_that_it_lies_with_us_and_counts_nothing(
    person: User, caplog: pytest.LogCaptureFixture, settings: object, broken: object
) -> None:  # ASVS 11.2.5, 11.3.3
    code = code_of(person)
    if broken == "another key":
        settings.ENCRYPTION_KEYS = [another_key()]
    elif isinstance(broken, str):
        broken = bytes(AuthenticatorFactory(user=UserFactory()).sealed_secret)
    if isinstance(broken, bytes):
        Authenticator.objects.filter(user=person).update(sealed_secret=broken)
    client = half_signed_in(person)
    for _ in range(limits.CODE_STOLEN_AFTER + 1):
        answer = client.post(CODE, {"code": code})
        page = shown(client, CODE)
        assert OURS in page
        assert WRONG_CODE not in page
        assert TOO_MANY not in page
        assert f"Nummer voor support: {answer['X-Request-ID']}." in page
    assert not is_signed_in(client)
    assert nothing_counts()
    assert "cannot be read" in errors(caplog)[0]
    assert set(AuditEntry.objects.filter(event="code_refused").values_list("detail__cause", flat=True)) == {
        "unreadable"
    }


def test_recovery_code_still_signs_in(person: User) -> None:
    code = recovery_codes.make(person, HERE)[0]
    spoil()
    client = half_signed_in(person)
    assert "Gebruik een herstelcode" in type_code(client, "123456")
    assert client.post(CODE, {"code": code}).url == "/inloggen/herstelcode/gebruikt/"


def test_during_a_wait_it_is_said_too(person: User) -> None:
    """Whoever was made to wait by this very fault before must not be told to wait."""
    client = half_signed_in(person)
    for _ in range(limits.CODE_FREE_FAILURES):
        type_code(client, wrong_code_of(person))
    spoil()
    assert OURS in type_code(client, "123456")


def test_fresh_proof_and_switching_off_say_it_too(person: User) -> None:
    client = signed_in(person)
    spoil()
    assert OURS in shown(client, SWITCH_OFF, {"code": "123456"})
    outlive_proof(client)
    assert OURS in shown(client, PROVE, {"password": PASSWORD, "code": "123456"})
    assert nothing_counts()


def test_other_device_that_can_be_read_works(person: User) -> None:
    tablet = AuthenticatorFactory(user=person)
    spoil(name="Telefoon", pk__lt=tablet.pk)
    client = half_signed_in(person)
    assert client.post(CODE, {"code": phone(tablet).now(), "device": str(tablet.pk)}).url == "/"


def test_unfinished_set_up_says_it_and_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    client = signed_in(UserFactory())
    client.post(ACTIVATE)
    spoil()
    page = shown(client, CONFIRM, {"code": "123456"})
    assert "We kunnen deze koppeling niet meer lezen. Dat ligt aan ons" in page
    assert re.search(r"Nummer voor support: [2-9A-Z]{5}-[2-9A-Z]{5}\.", page)
    assert "De QR-code is verlopen" not in page
    assert ">Begin opnieuw</button>" in page
    assert "cannot be read" in errors(caplog)[0]
    page = shown(client, ACTIVATE, {})
    assert groups_of_the_secret(page)


def test_fresh_recovery_codes_that_cannot_be_shown_say_it(person: User, settings: object, client: Client) -> None:
    client = signed_in(person)
    client.post("/persoonlijke-gegevens/herstelcodes/nieuw/")
    keys, session = settings.ENCRYPTION_KEYS, client.session
    kept = session[recovery_codes.SHOWN]
    settings.ENCRYPTION_KEYS = [*keys, another_key()]
    session[recovery_codes.SHOWN] = kept | {"sealed": kept["sealed"][:-2]}
    session.save()
    page = shown(client, "/persoonlijke-gegevens/herstelcodes/")
    assert "We kunnen je nieuwe herstelcodes niet tonen. Dat ligt aan ons." in page


def test_session_that_cannot_be_read_asks_to_sign_in_and_is_there_again_with_the_key(
    person: User, settings: object
) -> None:
    client = signed_in(person)
    client.post("/persoonlijke-gegevens/herstelcodes/nieuw/")
    keys = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [another_key()]
    assert client.get("/persoonlijke-gegevens/herstelcodes/").url.startswith("/inloggen/")
    settings.ENCRYPTION_KEYS = keys
    assert "Dat ligt aan ons" not in shown(client, "/persoonlijke-gegevens/herstelcodes/")


@pytest.mark.parametrize("sealed", ["", "rommel!", "AAAA", "\u20ac"])
def test_what_is_no_sealed_text_at_all_is_no_error_page(person: User, sealed: str) -> None:
    client = signed_in(person)
    session = client.session
    session[recovery_codes.SHOWN] = {"sealed": sealed, "made_at": timezone.now().isoformat()}
    session.save()
    assert "Dat ligt aan ons" in shown(client, "/persoonlijke-gegevens/herstelcodes/")


def test_interrupted_form_that_cannot_be_read_says_it(
    person: User, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    client = signed_in(person)
    outlive_proof(client)
    address = client.post("/persoonlijke-gegevens/herstelcodes/nieuw/").url
    code = code_of(person, 30)
    kept = client.session
    kept["interrupted"] |= {"body": "rommel"}
    kept.save()
    page = shown(client, address, {"password": PASSWORD, "code": code})
    assert "Wat je had ingevuld, zijn we kwijt. Dat ligt aan ons." in page
    assert "cannot be read" in errors(caplog)[0]
