"""Every change of a connection is mailed, and no value that names a single factor proves two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.credentials import flows as credentials
from accounts.sso.credentials.key_pairs import Kind
from accounts.sso.domains import flows as domains
from accounts.sso.models import Connection, MailDomain, MissingProof, Vouching
from accounts.sso.setup import flows
from accounts.sso.setup.flows import Outcome
from accounts.support import group
from tests.accounts.sso.browsing import connect, employee, sign_in_there
from tests.accounts.sso.provider import Provider
from tests.conftest import mails
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import is_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
SUBJECT = "Single sign-on van Gemeente is gewijzigd"
ONE = ["pwd", "PIN", " otp ", "sms", "hwk", "mca", "wia", "0", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"]


@pytest.fixture
def town() -> Organisation:
    made = OrganisationFactory(name="Gemeente", slug="gemeente")
    Connection.objects.create(organisation=made, issuer="https://login.voorbeeld.nl", client_id="portaal")
    return made


def administrator(town: Organisation, email: str) -> User:
    person = UserFactory(staff=True, with_totp=True, organisation=town, email=email)
    group.ensure_groups()
    person.groups.add(Group.objects.get(name=group.ORGANISATION_ADMINISTRATORS))
    return person


def _tested(town: Organisation, by: dict) -> None:
    Connection.objects.update(enabled=True)
    flows.switch_off(town, **by)


def _domain(town: Organisation, by: dict) -> None:
    domains.add(town, "bewezen.nl", **by)


def _proved(town: Organisation, by: dict) -> None:
    made = MailDomain.objects.create(organisation=town, domain="bewezen.nl", token="x")
    domains.prove_with_reason(made, "gebeld", actor=UserFactory(superuser=True), origin=HERE)


def _gone(town: Organisation, by: dict) -> None:
    domains.remove(MailDomain.objects.create(organisation=town, domain="bewezen.nl", token="x"), **by)


def _pair(town: Organisation, by: dict) -> None:
    credentials.make_key_pair(town, Kind.EC, **by)


CHANGES: list[Callable[[Organisation, dict], object]] = [
    lambda town, by: flows.save_provider(town, "https://andere.nl", "portaal", **by),
    lambda town, by: credentials.set_secret(town, "erg-vertrouwelijk", date(2030, 1, 1), **by),
    lambda town, by: flows.set_second_step(town, Vouching.AMR, "mfa", MissingProof.REFUSE, **by),
    lambda town, by: flows.set_people(town, True, "groups", **by),
    lambda town, by: flows.set_emergency_account(town, User.objects.get(email="collega@gemeente.nl").pk, **by),
    _pair,
    _tested,
    _domain,
    _proved,
    _gone,
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_mailed_to_the_other_administrators(
    town: Organisation, change: Callable[[Organisation, dict], object]
) -> None:
    thief, colleague = administrator(town, "dief@gemeente.nl"), administrator(town, "collega@gemeente.nl")
    UserFactory(superuser=True, email="ons@assetmaps.nl")
    UserFactory(staff=True, organisation=town)
    change(town, {"actor": thief, "origin": HERE})
    told = [mail for mail in mails() if mail.subject == SUBJECT]
    others = {colleague.email} if change is not _proved else {colleague.email, thief.email}
    assert {mail.to[0] for mail in told} == others
    assert "https://mijn.assetmaps.nl/beheer/sso/gemeente/" in told[0].body
    assert "erg-vertrouwelijk" not in told[0].body


@pytest.mark.django_db(transaction=True)
def test_superusers_hear_when_people_above_belong_to_the_organisation_or_nobody_else_would(town: Organisation) -> None:
    ours = UserFactory(superuser=True)
    thief = administrator(town, "dief@gemeente.nl")
    by: dict[str, Any] = {"actor": thief, "origin": HERE}
    flows.set_second_step(town, Vouching.AMR, "mfa", MissingProof.REFUSE, **by)  # the only administrator
    assert [mail.to for mail in mails()] == [[ours.email]]
    assert "wie instaat voor de tweede stap: de claim “amr” bevat de waarde" in mails()[0].body
    mails().clear()
    colleague = administrator(town, "collega@gemeente.nl")
    flows.set_people(town, True, "", **by)
    assert [mail.to for mail in mails()] == [[colleague.email]]
    mails().clear()
    UserFactory(organisation=town, in_support=True)
    flows.set_people(town, False, "", **by)
    assert sorted(mail.to[0] for mail in mails()) == sorted([colleague.email, ours.email])


# ASVS 6.8.4
@pytest.mark.parametrize("value", ONE)
def test_value_that_names_one_factor_is_refused(town: Organisation, value: str) -> None:
    thief = administrator(town, "dief@gemeente.nl")
    answer = flows.set_second_step(town, Vouching.AMR, value, MissingProof.REFUSE, actor=thief, origin=HERE)
    assert answer is Outcome.ONE_FACTOR
    page = shown(
        signed_in(thief),
        "/beheer/sso/gemeente/tweede-stap/",
        {"vouching": "acr", "value": value, "missing_proof": "refuse"},
    )
    assert "Deze waarde noemt één factor" in page
    assert Connection.objects.get().vouching == "ours"


@pytest.mark.parametrize("missing", ["refuse", "ask_ours"])
def test_such_a_value_of_before_counts_as_no_proof(client: Client, provider: Provider, missing: str) -> None:
    connection = connect(provider, vouching_value="pwd", missing_proof=missing)
    employee(connection, with_totp=True)
    sign_in_there(client, provider, connection)
    assert not is_signed_in(client)
