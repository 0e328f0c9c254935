"""Before the first day: a banner for who has no second step. From it on: nobody switches it off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.organisations.sign_in_policy import Requirement
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from accounts.two_factor import devices
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.models import Authenticator
from accounts.two_factor.verification import Outcome
from tests.codes import code_of, wrong_code_of
from tests.conftest import outlive_proof
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.pages import ACTIVATE, CONFIRM, DETAILS, SWITCH_OFF, shown, signed_in

pytestmark = pytest.mark.django_db

HERE = Origin("127.0.0.1", "Testbrowser")
NOT_OFF = "Gemeente Voorbeeld vraagt om twee-staps-authenticatie. Daarom kun je die niet uitschakelen."


def town(from_now: int) -> Organisation:
    day = timezone.localdate() + timedelta(days=from_now)
    return OrganisationFactory(name="Gemeente Voorbeeld", second_step=SecondStep.REQUIRED, required_from=day)


def remove_page(device: Authenticator) -> str:
    return f"/persoonlijke-gegevens/twee-staps-authenticatie/{device.pk}/verwijderen/"


class TestBanner:
    @pytest.mark.parametrize("page", ["/", DETAILS])
    def test_says_from_when_and_has_one_button(self, page: str) -> None:
        organisation = town(20)
        client = signed_in(UserFactory(organisation=organisation))
        day = Requirement("", organisation.required_from).first_day
        text = shown(client, page)
        assert f"Vanaf {day} vraagt Gemeente Voorbeeld om twee-staps-authenticatie." in text
        assert text.count(">Activeer nu</button>") == 1
        assert f'action="{ACTIVATE}"' in text

    @pytest.mark.parametrize("page", ["/", DETAILS])
    def test_is_not_there_for_who_has_it_or_is_not_asked(self, page: str) -> None:
        for person in (
            UserFactory(organisation=town(20), with_totp=True),
            UserFactory(organisation=OrganisationFactory()),
            UserFactory(),
        ):
            assert "Activeer nu" not in shown(signed_in(person), page)
            Organisation.objects.filter(name="Gemeente Voorbeeld").update(name="Een andere")

    def test_button_begins_the_set_up(self) -> None:
        client = signed_in(UserFactory(organisation=town(20)))
        assert client.post(ACTIVATE).url == CONFIRM

    def test_name_of_the_organisation_is_escaped(self) -> None:
        organisation = town(20)
        Organisation.objects.update(name="<b>Vet</b>")
        assert b"<b>Vet" not in signed_in(UserFactory(organisation=organisation)).get("/").content


class TestSwitchingOff:
    @pytest.fixture
    def person(self) -> User:
        return UserFactory(organisation=town(0), with_totp=True)

    def test_page_explains_and_offers_another_phone(self, person: User) -> None:
        client = signed_in(person)
        outlive_proof(client)  # nobody proves who they are to be told no
        page = shown(client, SWITCH_OFF)
        assert NOT_OFF in page
        assert "Nieuwe telefoon in plaats van “Telefoon”" in page
        assert 'name="code"' not in page

    def test_new_phone_takes_the_place_of_the_old_one(self, person: User) -> None:
        client, old = signed_in(person), devices.authenticator_of(person)
        assert client.post(ACTIVATE, {"replaces": old.pk}).url == CONFIRM
        assert Authenticator.objects.get(confirmed=False).replaces == old

    def test_right_code_is_refused_recorded_and_stays_good(self, person: User) -> None:
        client, code = signed_in(person), code_of(person, 30)
        assert NOT_OFF in shown(client, SWITCH_OFF, {"code": code})
        assert Authenticator.objects.get().confirmed
        entry = AuditEntry.objects.get(event="switching_off_refused")
        assert (entry.succeeded, entry.detail["cause"]) == (False, "demanded")
        assert "geweigerd: een tweede stap is verplicht" in shown(client, "/persoonlijke-gegevens/activiteit/")
        Organisation.objects.update(second_step=SecondStep.OPTIONAL, required_from=None)
        assert "staat uit" in shown(client, SWITCH_OFF, {"code": code})

    def test_wrong_code_tells_no_more_and_is_not_counted(self, person: User) -> None:
        answer = authenticators.switch_off(
            person, devices.authenticator_of(person), wrong_code_of(person), HERE, UNKNOWN_BROWSER
        )
        assert answer.outcome is Outcome.DEMANDED

    def test_form_that_was_open_before_the_first_day_is_refused(self) -> None:
        organisation = town(5)
        person = UserFactory(organisation=organisation, with_totp=True)
        client = signed_in(person)
        assert 'name="code"' in shown(client, SWITCH_OFF)
        Organisation.objects.update(required_from=timezone.localdate())
        assert NOT_OFF in shown(client, SWITCH_OFF, {"code": code_of(person, 30)})
        assert devices.has_confirmed_device(person)

    def test_one_of_two_may_go_and_the_last_may_not(self, person: User) -> None:
        first = devices.authenticator_of(person)
        AuthenticatorFactory(user=person, name="Tablet")
        client = signed_in(person)
        client.post(remove_page(first))
        left = Authenticator.objects.get()
        assert left.name == "Tablet"
        assert NOT_OFF in shown(client, remove_page(left), {})
        assert NOT_OFF in shown(client, remove_page(left))
        assert devices.has_confirmed_device(person)

    def test_before_the_first_day_it_may_with_a_warning(self) -> None:
        organisation = town(5)
        person = UserFactory(organisation=organisation, with_totp=True)
        client = signed_in(person)
        day = Requirement("", organisation.required_from).first_day
        assert "Als je nu uitschakelt, moet je vanaf die dag alles opnieuw instellen." in shown(client, SWITCH_OFF)
        assert f"Vanaf {day} vraagt Gemeente Voorbeeld" in shown(client, SWITCH_OFF)
        shown(client, SWITCH_OFF, {"code": code_of(person, 30)})
        assert not devices.has_confirmed_device(person)
        assert "Activeer nu" in shown(client, "/")

    def test_staff_may_not_even_before_their_organisation_asks(self) -> None:
        person = UserFactory(staff=True, organisation=town(5), with_totp=True)
        client = signed_in(person)
        page = shown(client, SWITCH_OFF, {"code": code_of(person, 30)})
        assert "Je werkt in het beheer" in page
        assert devices.has_confirmed_device(person)
