"""From the first day on: the set-up inside the sign-in and nothing else, whatever way somebody tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.active_sessions import flows as sessions
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Membership, Organisation, SecondStep
from accounts.two_factor.models import Authenticator
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.addresses import filled
from tests.codes import phone
from tests.conftest import mails, outlive_proof, sign_in
from tests.factories import PASSWORD, AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import (
    ACTIVATE,
    CONFIRM,
    DETAILS,
    SIGN_IN,
    browser,
    groups_of_the_secret,
    is_signed_in,
    shown,
    signed_in,
)
from tests.test_structure import walk

pytestmark = pytest.mark.django_db

PROOF = "/bevestig-identiteit/"
OPEN = {
    "totp_activate",
    "totp_confirm",
    "totp_more_time",
    "passkey_add",
    "confirm_identity",
    "change_language",
    "session_left",
    "session_extend",
}
CODES = "/persoonlijke-gegevens/herstelcodes/"
KEPT = f"{CODES}bewaard/"  # the button “Ik heb ze bewaard”
AWAY = '<a class="button" href="/omgevingen/omgeving/'  # on the page between a form and another site


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(name="Gemeente Voorbeeld", slug="omgeving")


@pytest.fixture
def person(town: Organisation) -> User:
    person = UserFactory(organisation=town)
    EnvironmentFactory(people=[person], people__told=True, slug="omgeving", organisation=town)
    return person


def demand(organisation: Organisation, from_now: int = 0) -> None:
    day = timezone.localdate() + timedelta(days=from_now)
    Organisation.objects.filter(pk=organisation.pk).update(second_step=SecondStep.REQUIRED, required_from=day)


def set_up(client: Client, person: User) -> str:
    """Press the button and type the code that a phone shows; where that leads."""
    client.post(ACTIVATE)
    device = Authenticator.objects.get(user=person, confirmed=False)
    return client.post(CONFIRM, {"code": phone(device).now(), "name": ""}).url


# ASVS 6.3.4, 8.3.1
@pytest.mark.parametrize("methods", [["get"], ["post"], ["head", "put", "patch", "delete", "options"]])
@pytest.mark.parametrize("before", [True, False], ids=["session of before", "fresh sign-in"])
def test_no_address_opens(person: User, town: Organisation, methods: list[str], before: bool) -> None:
    if not before:
        demand(town)
    client = signed_in(person)
    demand(town)
    for_all = {
        name for name, _route, view in walk(get_resolver().url_patterns) if not getattr(view, "login_required", 1)
    }
    reached = 0
    methods_in_turn = cycle(methods)  # the answer is given before any view knows the method
    for name, address in filled(person.pk, "omgeving"):
        if name in for_all | OPEN:
            continue
        answer = getattr(client, next(methods_in_turn))(address)
        assert (answer.status_code, answer.url) == (302, CONFIRM), f"{name} {address}"
        assert b"omgeving" not in answer.content
        reached += 1
    assert reached > 40
    assert is_signed_in(client) is False
    assert client.get(CONFIRM).status_code == 200  # still signed in, and the set-up is open


def test_first_day_turns_an_open_session_at_midnight(person: User, town: Organisation) -> None:
    Organisation.objects.update(second_step=SecondStep.REQUIRED, required_from="2027-03-03")
    with time_machine.travel(datetime(2027, 3, 2, 22, 59, 50, tzinfo=UTC), tick=False) as clock:
        client = signed_in(person)
        assert client.get("/").status_code == 200
        clock.shift(9)
        assert client.get("/").status_code == 200
        clock.shift(1)
        assert client.get("/").url == CONFIRM
        assert "Jouw organisatie vraagt om een tweede stap." in shown(client, "/")


def test_person_of_another_organisation_and_one_with_a_second_step_notice_nothing(town: Organisation) -> None:
    demand(town)
    for somebody in (UserFactory(), UserFactory(organisation=OrganisationFactory())):
        assert is_signed_in(signed_in(somebody))
    assert is_signed_in(signed_in(UserFactory(organisation=town, with_totp=True)))


def test_person_who_joins_later_meets_it_at_the_next_click(town: Organisation) -> None:
    demand(town, -100)
    person = UserFactory()
    client = signed_in(person)
    assert is_signed_in(client)
    Membership.objects.create(user=person, organisation=town)
    assert client.get("/").url == CONFIRM


def test_demand_that_is_taken_back_opens_the_portal_again(person: User, town: Organisation) -> None:
    demand(town)
    client = signed_in(person)
    assert not is_signed_in(client)
    Organisation.objects.update(second_step=SecondStep.OPTIONAL, required_from=None)
    assert is_signed_in(client)


def test_signing_out_and_the_help_stay_open(person: User, town: Organisation) -> None:
    demand(town)
    client = signed_in(person)
    assert client.get("/hulp/twee-staps-authenticatie/").status_code == 200
    assert client.post("/uitloggen/").url == SIGN_IN
    assert client.get(CONFIRM).url.startswith(SIGN_IN)


class TestStraightToTheCode:
    """Where nothing else is open, no button comes before the QR code."""

    def test_sign_in_shows_the_qr_code_and_a_reload_the_same(self, person: User, town: Organisation) -> None:
        demand(town)
        client = signed_in(person)
        secret = groups_of_the_secret(shown(client, "/"))
        assert len(secret) == 32
        assert groups_of_the_secret(shown(client, CONFIRM)) == secret
        assert "Persoonlijke Gegevens</a></nav>" not in shown(client, CONFIRM), "that way is closed"

    def test_what_another_sign_in_began_is_begun_anew(self, person: User, town: Organisation) -> None:
        demand(town)
        secrets = {groups_of_the_secret(shown(signed_in(person), "/")) for _ in range(2)}
        assert len(secrets) == 2
        assert "" not in secrets

    def test_old_session_shows_its_proof_first(self, person: User, town: Organisation) -> None:  # ASVS 7.5.1
        client = signed_in(person)
        demand(town)
        outlive_proof(client)
        assert client.get(CONFIRM).url.startswith(PROOF)
        assert not Authenticator.objects.exists()

    def test_code_that_expired_is_not_replaced_without_a_word(self, person: User, town: Organisation) -> None:
        demand(town)
        client = signed_in(person)
        shown(client, "/")
        Authenticator.objects.update(created_at=timezone.now() - timedelta(minutes=31))
        page = shown(client, CONFIRM)
        assert "De QR-code is verlopen." in page
        assert ">Begin opnieuw</button>" in page
        assert groups_of_the_secret(page) == ""

    def test_nobody_else_gets_one_by_looking(self, person: User) -> None:
        assert signed_in(person).get(CONFIRM).url == DETAILS
        assert not Authenticator.objects.exists()


class TestHalfFinished:
    """What was begun while everything was open is not carried out afterwards."""

    def interrupted(self, client: Client) -> str:
        """A change of address that waits for the proof of identity; returns where the proof page would go on."""
        outlive_proof(client)
        answer = client.post("/persoonlijke-gegevens/e-mailadres/", {"email": "dief@voorbeeld.nl"})
        assert answer.url.startswith(PROOF)
        return parse_qs(urlsplit(answer.url).query)["next"][0]

    def test_post_that_waited_for_a_proof_goes_on_without_a_demand(
        self, person: User, django_capture_on_commit_callbacks: object
    ) -> None:
        client = signed_in(person)
        target = self.interrupted(client)
        with django_capture_on_commit_callbacks(execute=True):
            client.post(PROOF, {"password": PASSWORD, "next": target})
        assert [mail for mail in mails() if "dief@voorbeeld.nl" in mail.to]

    def test_post_that_waited_for_a_proof_is_dropped(
        self, person: User, town: Organisation, django_capture_on_commit_callbacks: object
    ) -> None:
        client = signed_in(person)
        target = self.interrupted(client)
        demand(town)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(PROOF, {"password": PASSWORD, "next": target})
        assert client.get(answer.url).url == CONFIRM
        assert not [mail for mail in mails() if "dief@voorbeeld.nl" in mail.to]

    def test_button_of_the_set_up_that_waited_for_a_proof_goes_on(self, person: User, town: Organisation) -> None:
        demand(town)
        client = signed_in(person)
        outlive_proof(client)
        target = parse_qs(urlsplit(client.post(ACTIVATE).url).query)["next"][0]
        assert client.post(PROOF, {"password": PASSWORD, "next": target}).url == CONFIRM
        assert Authenticator.objects.filter(user=person, confirmed=False).exists()

    def test_proof_of_identity_leads_nowhere_else(self, person: User, town: Organisation) -> None:
        demand(town)
        client = signed_in(person)
        for target in ("/persoonlijke-gegevens/sessies/", "/persoonlijke-gegevens/wachtwoord/", "/beheer/"):
            answer = client.post(PROOF, {"password": PASSWORD, "next": target})
            assert client.get(answer.url).url == CONFIRM

    def test_second_tab_goes_on_as_soon_as_the_first_has_set_it_up(self, person: User, town: Organisation) -> None:
        client = signed_in(person)
        demand(town)
        other_tab = browser()
        other_tab.cookies = client.cookies  # one jar, as two tabs have
        assert other_tab.get("/omgevingen/omgeving/").url == CONFIRM
        set_up(client, person)
        assert other_tab.get("/").status_code == 200

    def test_other_browsers_end_when_it_is_set_up(self, person: User, town: Organisation) -> None:
        client, thief = signed_in(person), signed_in(person)
        demand(town)
        set_up(client, person)
        assert is_signed_in(client)
        assert thief.get(CONFIRM).url.startswith(SIGN_IN)

    def test_set_up_that_was_begun_elsewhere_does_not_count(self, person: User, town: Organisation) -> None:
        demand(town)
        thief, client = signed_in(person), signed_in(person)
        thief.post(ACTIVATE)
        theirs = Authenticator.objects.get(user=person)
        client.post(ACTIVATE)
        assert not Authenticator.objects.filter(pk=theirs.pk).exists()


class TestWhereItEnds:
    def test_page_that_was_asked_for_at_sign_in_follows_the_recovery_codes(
        self, person: User, town: Organisation
    ) -> None:
        demand(town)
        client = browser()
        values = {"username": person.email, "password": PASSWORD, "next": "/omgevingen/omgeving/?laag=2"}
        assert AWAY in client.post(SIGN_IN, values).content.decode()
        assert client.get("/omgevingen/omgeving/?laag=2").url == CONFIRM
        client.get("/persoonlijke-gegevens/sessies/")  # tried meanwhile: does not count
        assert set_up(client, person) == CODES
        assert "Je herstelcodes" in shown(client, CODES)
        assert AWAY in client.post(KEPT).content.decode()
        assert client.get("/omgevingen/omgeving/?laag=2").status_code == 302
        assert client.post(KEPT).url == "/", "once"

    def test_session_of_before_goes_on_to_the_page_that_was_clicked(self, person: User, town: Organisation) -> None:
        client = signed_in(person)
        demand(town)
        client.get("/persoonlijke-gegevens/sessies/")
        set_up(client, person)
        assert client.post(KEPT).url == "/persoonlijke-gegevens/sessies/"

    def test_what_is_no_page_is_not_kept(self, person: User, town: Organisation) -> None:
        client = signed_in(person)
        demand(town)
        client.generic("POST", "/persoonlijke-gegevens/", "first_name=X", "application/x-www-form-urlencoded")
        client.get("/omgevingen/omgeving/", headers={"sec-fetch-dest": "image"})
        client.get("/?x=" + "y" * 2000)
        set_up(client, person)
        assert client.post(KEPT).url == "/"

    def test_with_recovery_codes_at_hand_the_page_follows_at_once(self, person: User, town: Organisation) -> None:
        recovery_codes.make(person, Origin())
        demand(town)
        client = signed_in(person)
        client.get("/persoonlijke-gegevens/sessies/")
        assert set_up(client, person) == "/persoonlijke-gegevens/sessies/"

    def test_who_chose_it_freely_is_not_sent_anywhere(self, person: User) -> None:
        client = signed_in(person)
        set_up(client, person)
        assert client.post(KEPT).url == "/"


# NIST N10
class TestTheLastAdministrator:
    """Nobody is shut out for good: who knows the password reaches the set-up under every demand."""

    @pytest.mark.parametrize("second_step", SecondStep.values)
    @pytest.mark.parametrize("from_now", [-500, 0, 500])
    @pytest.mark.parametrize("member", [True, False])
    def test_last_superuser_without_a_second_step_sets_it_up(
        self, town: Organisation, second_step: str, from_now: int, member: bool
    ) -> None:
        day = timezone.localdate() + timedelta(days=from_now)
        Organisation.objects.update(second_step=second_step, required_from=day)
        boss = UserFactory(superuser=True, organisation=town if member else None)
        UserFactory(superuser=True, is_active=False, with_totp=True)
        client = browser()
        answer = sign_in(client, boss, next="/beheer/")
        assert client.get(answer.url).url == CONFIRM
        set_up(client, boss)
        assert client.get("/beheer/").status_code == 200
        assert client.get(f"/beheer/organisaties/{town.slug}/tweede-stap/").status_code == 200

    def test_administrator_who_sets_the_own_organisation_to_today_goes_on_working(self, town: Organisation) -> None:
        boss = UserFactory(superuser=True, organisation=town, with_totp=True)
        client = signed_in(boss)
        demand(town)
        assert client.get("/beheer/").status_code == 200

    def test_rights_without_a_second_step_open_nothing(self, town: Organisation) -> None:
        worker = UserFactory(staff=True, organisation=town)
        worker.user_permissions.set(Permission.objects.all())
        client = signed_in(worker)
        for page in ("tweede-stap/", "overzicht/", "tweede-stap/opslaan/"):
            assert client.post(f"/beheer/organisaties/{town.slug}/{page}").url == CONFIRM


def test_session_of_a_bridge_code_still_does_the_set_up_and_nothing_else(person: User, town: Organisation) -> None:
    demand(town)
    client = signed_in(person)
    session = client.session
    session[sessions.SET_UP_ONLY] = "bridge_code"
    session.save()
    assert client.get("/").url == CONFIRM
    Organisation.objects.update(second_step=SecondStep.OPTIONAL, required_from=None)
    assert client.get("/").url == CONFIRM


def test_device_that_was_never_confirmed_does_not_count(person: User, town: Organisation) -> None:
    demand(town)
    AuthenticatorFactory(user=person, confirmed=False)
    assert signed_in(person).get("/").url == CONFIRM
