"""Twee-staps-authenticatie instellen: from the button to the first code."""

from __future__ import annotations

import base64
import io
import re
import time
from datetime import timedelta

import pyotp
import pytest
import time_machine
import zxingcpp
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts import limits
from accounts.active_sessions import store
from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor.models import Authenticator
from accounts.two_factor.totp import flows
from accounts.two_factor.totp.flows import provisioning_uri
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import mails, outlive_proof, prove, sign_in
from tests.factories import AuthenticatorFactory, UserFactory
from tests.pages import (
    ACTIVATE,
    CODE,
    CONFIRM,
    DETAILS,
    NOT_A_CODE,
    USED_CODE,
    WRONG_CODE,
    groups_of_the_secret,
    half_signed_in,
    is_signed_in,
    session_key,
    session_row,
    shown,
    signed_in,
    text,
    type_code,
)

pytestmark = pytest.mark.django_db

IT_IS_ON = "Twee-staps-authenticatie staat aan. Vanaf nu vul je bij het inloggen ook een code in."
EXPIRED = "De QR-code is verlopen"


@pytest.fixture
def person() -> User:
    return UserFactory()


def confirm(client: Client, code: str) -> str:
    return shown(client, CONFIRM, {"code": code})


def scan(page: str) -> tuple[Image.Image, str]:
    """The QR code of a page as picture, and what a phone reads in it."""
    encoded = re.search(r'src="data:image/png;base64,([^"]+)"', page)
    assert encoded
    picture = Image.open(io.BytesIO(base64.b64decode(encoded[1])))
    found = zxingcpp.read_barcodes(picture.convert("L"))
    return picture, found[0].text


def begin(person: User) -> tuple[Client, pyotp.TOTP]:
    """A browser on the set-up page, and the phone that scanned its QR code."""
    client = signed_in(person)
    _picture, uri = scan(shown(client, ACTIVATE, {}))
    return client, pyotp.parse_uri(uri)


def test_button_leads_through_scanning_to_a_verified_session(person: User) -> None:
    client = signed_in(person)
    assert "Activeer Twee-Staps-Authenticatie" in shown(client, DETAILS)
    _picture, uri = scan(shown(client, ACTIVATE, {}))
    page = confirm(client, pyotp.parse_uri(uri).now())
    assert IT_IS_ON in page
    assert "Je herstelcodes voor Mijn Assetmaps</h1>" in page
    assert "Activeer Twee-Staps-Authenticatie" not in shown(client, DETAILS)


def test_this_browser_counts_as_verified_at_once() -> None:
    person = UserFactory(staff=True)
    client, app = begin(person)
    assert client.get("/beheer/").status_code == 302
    confirm(client, app.now())
    assert client.get("/beheer/").status_code == 200


def test_next_sign_in_asks_for_the_code(person: User) -> None:
    client, app = begin(person)
    confirm(client, app.now())
    client.post("/uitloggen/")
    assert sign_in(client, person, code=app.at(int(time.time()) + 30)).url == "/"


def test_code_that_confirmed_cannot_sign_in(person: User) -> None:  # ASVS 6.5.1
    client, app = begin(person)
    code = app.now()
    confirm(client, code)
    assert USED_CODE in type_code(half_signed_in(person), code)


def test_session_key_changes_at_activation(person: User) -> None:  # ASVS 7.2.4
    client, app = begin(person)
    before = session_key(client)
    confirm(client, app.now())
    assert session_key(client) != before
    assert not Session.objects.filter(digest=store.digest_of(before)).exists()


def test_activating_takes_a_post(person: User) -> None:  # ASVS 3.5.3
    client = signed_in(person)
    for method in (client.get, client.head, client.put):
        assert method(ACTIVATE).status_code == 405
    assert not Authenticator.objects.exists()


def test_looking_at_the_page_makes_no_secret(person: User) -> None:
    client = signed_in(person)
    assert client.get(CONFIRM).url == DETAILS
    assert not Authenticator.objects.exists()


def test_reload_second_tab_and_wrong_code_show_the_same_code(person: User) -> None:
    client, app = begin(person)
    pages = [
        shown(client, CONFIRM),
        shown(client, ACTIVATE, {}),
        shown(client, ACTIVATE, {}),  # a second tab; for another browser see test_attacks_set_up
        confirm(client, wrong_code_of_pending(person)),
        confirm(client, "geen code"),
    ]
    assert {groups_of_the_secret(page) for page in pages} == {app.secret}
    assert Authenticator.objects.count() == 1


def wrong_code_of_pending(person: User) -> str:
    Authenticator.objects.filter(user=person).update(confirmed=True)
    code = wrong_code_of(person)
    Authenticator.objects.filter(user=person).update(confirmed=False)
    return code


def test_second_person_gets_another_secret(person: User) -> None:
    assert begin(person)[1].secret != begin(UserFactory())[1].secret


def test_wrong_code_says_why_and_is_recorded(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):  # else a new time step could begin in between
        client, app = begin(person)
        assert WRONG_CODE in confirm(client, wrong_code_of_pending(person))
        assert NOT_A_CODE in confirm(client, "12345")
        assert "5 minuten achter" in confirm(client, app.at(int(time.time()) - 300))
    causes = list(AuditEntry.objects.filter(event="activation_refused").values_list("detail__cause", flat=True))
    assert sorted(causes) == ["clock_off", "wrong"]
    assert Authenticator.objects.get().confirmed is False


def test_code_for_activation_may_be_typed_in_groups(person: User) -> None:
    client, app = begin(person)
    code = app.now()
    assert IT_IS_ON in confirm(client, f" {code[:3]} {code[3:]} ")


def test_first_set_up_works_for_thirty_minutes_without_another_proof(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client, app = begin(person)
        clock.shift(timedelta(minutes=29, seconds=59))
        assert groups_of_the_secret(shown(client, CONFIRM)) == app.secret
        assert IT_IS_ON in confirm(client, app.at(int(time.time())))


def test_set_up_expires_after_thirty_minutes_with_a_way_to_begin_again(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client, app = begin(person)
        clock.shift(timedelta(minutes=20))
        client.get(DETAILS)  # else the session ends at the same time
        clock.shift(timedelta(minutes=10))
        prove(client)
        page = confirm(client, app.at(int(time.time())))
        assert EXPIRED in page
        assert ">Begin opnieuw</button>" in page
        assert groups_of_the_secret(page) == ""
        again = groups_of_the_secret(shown(client, ACTIVATE, {}))
    assert len(again) == 32
    assert again != app.secret
    assert Authenticator.objects.get().confirmed is False


def test_abandoned_set_up_changes_nothing(person: User) -> None:
    begin(person)
    client = signed_in(person)
    assert is_signed_in(client)
    assert "Activeer Twee-Staps-Authenticatie" in shown(client, DETAILS)
    assert not AuditEntry.objects.filter(event="second_step_activated").exists()


def test_who_has_a_second_step_may_add_another_and_both_make_codes() -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    first = Authenticator.objects.get()
    _picture, uri = scan(shown(client, ACTIVATE, {}))
    app = pyotp.parse_uri(uri)
    assert "Het nieuwe apparaat werkt." in shown(client, CONFIRM, {"code": app.now(), "name": "Tablet"})
    assert set(Authenticator.objects.values_list("name", "confirmed")) == {("Telefoon", True), ("Tablet", True)}
    assert AuditEntry.objects.get(event="authenticator_added").detail["name"] == "Tablet"
    assert not AuditEntry.objects.filter(event="second_step_activated").exists()
    for device in Authenticator.objects.all():
        half = half_signed_in(person)
        code = phone(device).at(int(time.time()) + 30)
        assert half.post(CODE, {"code": code, "device": str(device.pk)}).url == "/", device.name
    assert first.last_step < Authenticator.objects.get(pk=first.pk).last_step


def test_code_of_the_first_does_not_confirm_the_second() -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    client.post(ACTIVATE)
    assert "Deze code is van “Telefoon”, en dat apparaat is al gekoppeld." in confirm(client, code_of(person, 30))
    assert Authenticator.objects.filter(confirmed=True).count() == 1


def test_five_devices_are_the_most() -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    for _ in range(limits.AUTHENTICATORS - 1):
        AuthenticatorFactory(user=person)
    assert "Je kunt geen apparaat meer toevoegen. Verwijder er eerst een." in shown(client, ACTIVATE, {})
    assert Authenticator.objects.count() == limits.AUTHENTICATORS == 5
    assert not Authenticator.objects.filter(confirmed=False).exists()


@pytest.mark.parametrize("method", ["get", "post", "head", "put", "delete"])
def test_another_needs_fresh_proof_on_every_method_of_the_address(method: str) -> None:  # ASVS 7.5.1
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    outlive_proof(client)
    for address in (ACTIVATE, CONFIRM):
        answer = getattr(client, method)(address)
        assert answer.status_code == 405 or answer.url.startswith("/bevestig-identiteit/?next="), address
    assert Authenticator.objects.count() == 1


def test_another_that_was_begun_needs_the_proof_again_when_it_is_old() -> None:  # ASVS 7.5.1
    """Beside a device, somebody at an unattended desk could add a phone of their own."""
    person = UserFactory(with_totp=True)
    client = signed_in(person)
    client.post(ACTIVATE)
    pending = Authenticator.objects.get(confirmed=False)
    outlive_proof(client)
    for answer in (client.get(CONFIRM), client.post(CONFIRM, {"code": phone(pending).now()})):
        assert answer.url.startswith("/bevestig-identiteit/?next=")
    assert Authenticator.objects.filter(confirmed=True).count() == 1


def test_second_confirmation_in_another_tab_changes_nothing(person: User) -> None:
    client, app = begin(person)
    confirm(client, app.now())
    before = Authenticator.objects.values().get()
    assert client.post(CONFIRM, {"code": app.at(int(time.time()) + 30)}).url == CONFIRM
    assert client.get(CONFIRM).url == DETAILS
    assert AuditEntry.objects.filter(event="second_step_activated").count() == 1
    assert Authenticator.objects.values().get() == before


def test_every_other_session_of_the_person_ends(person: User) -> None:  # ASVS 7.4.3
    client, app = begin(person)
    elsewhere, stranger = signed_in(person), signed_in(UserFactory())
    confirm(client, app.now())
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert is_signed_in(stranger)


def test_half_signed_in_sessions_end_too(person: User) -> None:
    client, app = begin(person)
    half = store.SessionStore()
    half[store.PENDING_USER] = person.pk
    half.save()
    confirm(client, app.now())
    assert not Session.objects.exclude(digest=session_row(client).digest).exists()


def test_old_session_forged_back_is_closed(person: User) -> None:
    old = signed_in(person)
    row = session_row(old)
    client, app = begin(person)
    confirm(client, app.now())
    row.save(force_insert=True)
    assert not is_signed_in(old)
    assert not Session.objects.filter(digest=row.digest).exists()


def test_secret_is_nowhere_readable_in_the_database(person: User) -> None:  # ASVS 11.3.2
    _client, app = begin(person)
    secret = base64.b32decode(app.secret)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            raw = b" ".join(as_bytes(value) for row in cursor.fetchall() for value in row)
            for readable in (secret, secret.hex().encode(), app.secret.encode(), base64.b64encode(secret)):
                assert readable.lower() not in raw.lower(), table


def as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def test_same_secret_is_sealed_differently_each_time(person: User) -> None:  # ASVS 11.3.4
    device = Authenticator(user=person)
    sealed = set()
    for _ in range(20):
        device.set_secret(b"x" * 20)
        sealed.add(bytes(device.sealed_secret))
    assert len(sealed) == 20


# NIST N23
def test_secret_has_160_random_bits() -> None:  # ASVS 6.5.3
    secrets = {flows.begin(UserFactory()).secret() for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(secret) == 20 for secret in secrets)


def test_qr_code_is_a_black_on_white_png_with_quiet_zone(person: User) -> None:
    picture, uri = scan(shown(signed_in_and_begun(person), CONFIRM))
    assert picture.format == "PNG"
    assert picture.width == picture.height >= 200
    assert {value for _count, value in picture.convert("L").getcolors()} == {0, 255}
    border = picture.convert("L").crop((0, 0, picture.width, 4 * 8))
    assert [value for _count, value in border.getcolors()] == [255]
    assert uri.startswith("otpauth://totp/")


def signed_in_and_begun(person: User) -> Client:
    client = signed_in(person)
    client.post(ACTIVATE)
    return client


@pytest.mark.parametrize("size", [200, 264])
def test_qr_code_is_read_at_the_size_of_a_screen(person: User, size: int) -> None:
    picture, uri = scan(shown(signed_in_and_begun(person), CONFIRM))
    small = picture.convert("L").resize((size, size), Image.Resampling.BILINEAR)
    assert zxingcpp.read_barcodes(small)[0].text == uri


def test_qr_code_link_and_spelled_out_key_say_the_same(person: User) -> None:
    page = shown(signed_in_and_begun(person), CONFIRM)
    _picture, uri = scan(page)
    assert f'href="{uri}"' in page
    app = pyotp.parse_uri(uri)
    assert app.secret == groups_of_the_secret(page)
    assert base64.b32decode(app.secret) == Authenticator.objects.get().secret()


def test_page_with_the_secret_is_kept_nowhere(person: User) -> None:  # ASVS 3.2.1
    answer = signed_in_and_begun(person).get(CONFIRM)
    assert "no-store" in answer["Cache-Control"]
    assert "data:image/png" in text(answer)


@pytest.mark.parametrize(
    "address",
    [
        "anna@voorbeeld.nl",
        "anna+test@voorbeeld.nl",
        "o'brien&zoon=1%40@voorbeeld.nl",
        "a+b?c#d/e@voorbeeld.nl",
        "a" * 64 + "@" + "b" * 60 + ".nl",
    ],
)
def test_address_for_the_app_names_issuer_and_person(address: str) -> None:
    person = UserFactory(email=address)
    uri = provisioning_uri(person, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    app = pyotp.parse_uri(uri)
    assert (app.issuer, app.name, app.secret) == ("Assetmaps", address, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert (app.digits, app.interval, app.digest().name) == (6, 30, "sha1")
    assert uri.startswith("otpauth://totp/Assetmaps:")
    assert "+" not in uri
    _picture, read = scan(shown(signed_in_and_begun(person), CONFIRM))
    assert pyotp.parse_uri(read).name == address


# NIST N29, N32
def test_activation_is_recorded_and_mailed(
    person: User, django_capture_on_commit_callbacks: object
) -> None:  # ASVS 6.3.7
    client, app = begin(person)
    with django_capture_on_commit_callbacks(execute=True):
        confirm(client, app.now())
    entry = AuditEntry.objects.get(event="second_step_activated")
    assert (entry.subject, entry.actor, entry.address) == (person, person, "127.0.0.1")
    (message,) = mails()
    assert message.to == [person.email]
    assert message.subject == "Twee-staps-authenticatie staat aan"


def test_unreadable_pending_secret_is_replaced_by_a_new_one(person: User) -> None:
    client, app = begin(person)
    Authenticator.objects.update(sealed_secret=b"\x01" + bytes(60))
    assert groups_of_the_secret(shown(client, CONFIRM)) == ""
    fresh = groups_of_the_secret(shown(client, ACTIVATE, {}))
    assert len(fresh) == 32
    assert fresh != app.secret
    assert phone(Authenticator.objects.get()).secret == fresh


def test_set_up_of_another_person_cannot_be_confirmed(person: User) -> None:
    _client, app = begin(person)
    other = signed_in(UserFactory())
    assert EXPIRED not in confirm(other, app.now())
    assert not Authenticator.objects.filter(confirmed=True).exists()


# NIST N28
def test_half_signed_in_person_cannot_confirm_a_set_up() -> None:
    person = UserFactory(with_totp=True)
    client = half_signed_in(person)
    assert client.post(ACTIVATE).url.startswith("/inloggen/")
    assert client.post(CONFIRM, {"code": code_of(person)}).url.startswith("/inloggen/")
    assert client.get(CODE).status_code == 200
