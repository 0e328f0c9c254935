"""From the first day on: a passkey opens everything, and without one only the page that adds or asks for it."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle

import pytest
import time_machine
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts import limits
from accounts.active_sessions import store
from accounts.models import User
from accounts.organisations.models import Organisation, PasskeyFor, StaffPolicy
from accounts.policy import Vouched
from accounts.two_factor import devices
from accounts.two_factor.models import Passkey
from accounts.two_factor.recovery_codes import flows as recovery_codes
from environments.models import Access
from tests.accounts.mfa_policy.test_change import HERE
from tests.addresses import filled
from tests.clock import later
from tests.codes import code_of
from tests.conftest import sign_in
from tests.factories import PASSWORD, EnvironmentFactory, OrganisationFactory, PasskeyFactory, UserFactory
from tests.pages import DETAILS, browser, half_signed_in, shown, signed_in, text
from tests.passkeys_client import Device, ceremony_of_sign_in, ceremony_on
from tests.test_structure import walk

pytestmark = pytest.mark.django_db

ADD = "/persoonlijke-gegevens/passkeys/toevoegen/"
PROOF = "/bevestig-identiteit/"
ALWAYS = {"confirm_identity", "change_language", "session_left", "session_extend"}


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(slug="voorbeeld", name="Gemeente Voorbeeld")


@pytest.fixture
def person(town: Organisation) -> User:
    return UserFactory(organisation=town, with_totp=True)


def demand(from_now: int = 0, whom: PasskeyFor = PasskeyFor.EVERYBODY) -> None:
    day = timezone.localdate() + timedelta(days=from_now)
    Organisation.objects.update(passkey_for=whom, passkey_from=day)


def add_passkey(client: Client, device: Device) -> str:
    """On the page of the set-up, with a device; where that leads."""
    asked = ceremony_on(client, ADD)
    return client.post(asked.address, asked.posted(device.create(asked.options))).url


def sign_in_with(device: Device) -> Client:
    client = browser()
    client.get("/inloggen/")
    asked = ceremony_of_sign_in(client)
    client.post(asked.address, asked.posted(device.get(asked.options)))
    return client


# ASVS 6.3.3, NIST N2
def test_day_comes_in_the_middle_of_a_session_and_leads_to_adding_a_passkey(person: User) -> None:
    client, device = signed_in(person), Device()
    demand(1)
    assert client.get("/").status_code == 200
    demand(0)
    assert client.get("/omgevingen/x/?a=1").url == ADD
    assert "vraagt nu om een passkey" in shown(client, "/")
    add_passkey(client, device)
    assert client.get("/").status_code == 200
    assert sign_in_with(device).get("/").status_code == 200


@pytest.mark.parametrize("with_passkey", [False, True])
def test_nothing_else_opens(person: User, with_passkey: bool) -> None:
    client = signed_in(person)
    if with_passkey:
        PasskeyFactory(user=person)
    demand()
    for_all = {
        name for name, _route, view in walk(get_resolver().url_patterns) if not getattr(view, "login_required", 1)
    }
    open_too, page = (ALWAYS, PROOF) if with_passkey else (ALWAYS | {"passkey_add"}, ADD)
    methods_in_turn = cycle(["get", "post"])
    for name, address in filled(person.pk, "voorbeeld"):
        if name in for_all | open_too:
            continue
        answer = getattr(client, next(methods_in_turn))(address)
        assert answer.status_code == 302, f"{name} {address}"
        assert answer.url.startswith(page), f"{name} {address}"
    assert client.get(page).status_code == 200


# ASVS 6.3.3
def test_code_passed_on_by_a_false_page_opens_nothing_where_there_is_a_passkey(person: User) -> None:
    PasskeyFactory(user=person)
    demand()
    thief = browser()
    sign_in(thief, person)
    assert thief.get("/").url.startswith(PROOF)
    assert thief.get(ADD).url.startswith(PROOF)
    assert thief.get("/persoonlijke-gegevens/").url.startswith(PROOF)


def test_session_that_showed_a_code_shows_no_passkey_by_losing_its_app(person: User) -> None:
    client = signed_in(person)
    PasskeyFactory(user=person)
    app = devices.authenticator_of(person)
    assert app
    client.post(f"/persoonlijke-gegevens/twee-staps-authenticatie/{app.pk}/verwijderen/")
    assert devices.authenticator_of(person) is None
    assert client.get("/").status_code == 200
    demand()
    assert client.get("/").url.startswith(PROOF)


def test_session_that_showed_a_passkey_stays_one_when_one_of_two_is_removed(person: User) -> None:
    client, device = signed_in(person), Device()
    add_passkey(client, device)
    other = PasskeyFactory(user=person)
    client = sign_in_with(device)
    demand()
    client.post(f"/persoonlijke-gegevens/passkeys/{other.pk}/verwijderen/")
    assert devices.passkeys_of(person)[0].pk != other.pk
    assert client.get("/").status_code == 200


def test_shown_at_the_page_that_asks_it_opens_everything(person: User) -> None:
    client, device = signed_in(person), Device()
    add_passkey(client, device)
    demand()
    with later(timedelta(minutes=1)):  # for another code
        other = signed_in(person)
        where = other.get(DETAILS).url
        asked = ceremony_on(other, where)
        answer = other.post(asked.address, asked.posted(device.get(asked.options)) | {"next": DETAILS})
        assert answer.url == DETAILS
        assert other.get(DETAILS).status_code == 200


def test_code_of_the_app_is_refused_there_and_not_used_up(person: User) -> None:
    PasskeyFactory(user=person)
    client = signed_in(person)
    demand()
    page = client.get("/").url
    with later(timedelta(minutes=1)):
        app = devices.authenticator_of(person)
        assert app
        before = app.last_step
        answer = client.post(page, {"password": PASSWORD, "code": code_of(person), "next": "/"}, follow=True)
        assert "alleen een herstelcode" in answer.content.decode()
        app.refresh_from_db()
        assert app.last_step == before


def test_recovery_code_leads_to_another_passkey_when_the_device_is_lost(person: User) -> None:
    PasskeyFactory(user=person)
    codes = recovery_codes.make(person, HERE)
    demand()
    client = half_signed_in(person)
    client.post("/inloggen/herstelcode/", {"code": codes[0]})
    assert client.get("/").url == ADD
    assert "herstelcode" in shown(client, "/")
    add_passkey(client, Device())
    assert client.get("/").status_code == 200
    # And for whoever has signed in with a code of the app already.
    other = signed_in(person)
    page = other.get("/").url
    answer = other.post(page, {"password": PASSWORD, "code": codes[1], "next": "/"})
    assert answer.status_code == 302
    assert other.get("/").url == ADD


def test_whoever_lost_the_greatest_number_of_passkeys_removes_one_and_adds_one(person: User) -> None:
    lost = PasskeyFactory.create_batch(limits.PASSKEYS, user=person)
    codes = recovery_codes.make(person, HERE)
    demand()
    client = half_signed_in(person)
    client.post("/inloggen/herstelcode/", {"code": codes[0]})
    for closed in ("/", DETAILS, "/persoonlijke-gegevens/herstelcodes/"):
        assert client.get(closed).url == ADD
    page, remove = shown(client, ADD), "/persoonlijke-gegevens/passkeys/{}/verwijderen/"
    assert "Verwijder eerst een passkey" in page
    assert "data-passkey=" not in page, "a device would make one that is refused, and keep it"
    assert all(remove.format(one.pk) in page for one in lost)
    assert client.post(remove.format(lost[0].pk)).url == ADD
    assert Passkey.objects.filter(user=person).count() == limits.PASSKEYS - 1
    # One is room enough: a thief with a recovery code removes no more, and still opens nothing.
    for closed in ("/", DETAILS, remove.format(lost[1].pk)):
        assert client.get(closed).url == ADD
        assert client.post(closed).url == ADD
    assert Passkey.objects.filter(user=person).count() == limits.PASSKEYS - 1
    add_passkey(client, Device())
    assert client.get("/").status_code == 200


def test_staff_of_every_organisation_is_governed_by_the_portal(person: User) -> None:
    worker = UserFactory(in_support=True, with_totp=True)
    StaffPolicy.objects.create(passkey_from=timezone.localdate())
    assert signed_in(person).get("/").status_code == 200
    client = signed_in(worker)
    assert client.get("/beheer/").url == ADD
    assert "Het beheer vraagt nu om een passkey" in shown(client, "/beheer/")
    add_passkey(client, Device())
    assert client.get("/beheer/").status_code == 200


def test_person_without_any_second_step_adds_a_passkey_and_nothing_else(town: Organisation) -> None:
    newcomer = UserFactory(organisation=town)
    demand()
    client = signed_in(newcomer)
    assert client.get("/").url == ADD
    assert client.get("/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/").url == ADD
    add_passkey(client, Device())
    assert client.get("/").status_code == 200
    assert devices.has_confirmed_device(newcomer)


def test_last_passkey_stays_while_it_is_required(person: User) -> None:
    client, device = signed_in(person), Device()
    add_passkey(client, device)
    demand()
    client = sign_in_with(device)
    one = Passkey.objects.get(user=person)
    client.post(f"/persoonlijke-gegevens/passkeys/{one.pk}/verwijderen/")
    assert Passkey.objects.filter(user=person).count() == 1
    PasskeyFactory(user=person)
    client.post(f"/persoonlijke-gegevens/passkeys/{one.pk}/verwijderen/")
    assert Passkey.objects.filter(user=person).count() == 1


def test_withdrawn_demand_holds_no_longer(person: User) -> None:
    client = signed_in(person)
    demand()
    assert client.get("/").url == ADD
    Organisation.objects.update(passkey_for=PasskeyFor.NOBODY)
    assert client.get("/").status_code == 200


def test_first_day_begins_at_midnight_in_the_netherlands(person: User) -> None:
    with time_machine.travel("2027-03-02T22:59:00+00:00", tick=False):
        client = signed_in(person)
        Organisation.objects.update(passkey_for=PasskeyFor.EVERYBODY, passkey_from="2027-03-03")
        assert client.get("/").status_code == 200
    with time_machine.travel("2027-03-02T23:00:00+00:00", tick=False):
        assert client.get("/").url == ADD
        assert "passkey" in text(client.get("/", follow=True)).lower()


# NIST N2
def test_everybody_is_offered_one_under_personal_details() -> None:
    for person in (UserFactory(), UserFactory(with_totp=True), UserFactory(in_support=True, with_totp=True)):
        client = signed_in(person)
        assert f'href="{ADD}"' in shown(client, "/persoonlijke-gegevens/")
        assert ceremony_on(client, ADD).kind == "create"


def test_after_a_recovery_code_a_passkey_of_this_device_opens_everything_too(person: User) -> None:
    device = Device()
    add_passkey(signed_in(person), device)
    codes = recovery_codes.make(person, HERE)
    demand()
    client = half_signed_in(person)
    client.post("/inloggen/herstelcode/", {"code": codes[0]})
    assert client.get(DETAILS).url == ADD
    instead = f"{PROOF}?next=%2Fpersoonlijke-gegevens%2F"
    assert f'href="{instead}"' in shown(client, ADD)
    assert "Jouw organisatie vraagt om je passkey" in shown(client, instead)
    asked = ceremony_on(client, instead)
    answer = client.post(asked.address, asked.posted(device.get(asked.options)) | {"next": DETAILS})
    assert answer.url == DETAILS
    assert client.get("/").status_code == 200
    assert len(devices.passkeys_of(person)) == 1


def test_who_has_just_made_a_passkey_is_not_asked_to_make_one(person: User) -> None:
    codes = recovery_codes.make(person, HERE)
    demand()
    client = half_signed_in(person)
    assert client.post("/inloggen/herstelcode/", {"code": codes[0]}, follow=True).redirect_chain[-1][0] == ADD
    assert "Nieuwe telefoon koppelen?" not in shown(client, add_passkey(client, Device()))
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("vouched", "guest", "told"),
    [(Vouched.NOTHING, False, True), (Vouched.CLAIM, False, False), (Vouched.CLAIM, True, True)],
)
def test_it_is_announced_unless_the_word_of_a_provider_counts(
    person: User, vouched: Vouched, guest: bool, told: bool
) -> None:
    if guest:
        Access.objects.create(user=person, environment=EnvironmentFactory())
    client = signed_in(person)
    session = client.session
    session[store.VOUCHED] = vouched.value
    session.save()
    demand(9)
    assert ("om een passkey" in text(client.get(DETAILS))) is told
