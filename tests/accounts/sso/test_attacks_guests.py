"""Who may open an environment of another organisation is let in there by no provider of the own one alone."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.organisations import rank
from environments.models import Access
from tests.accounts.sso.browsing import connect, employee, sign_in_there, signed_in_there
from tests.accounts.sso.provider import Provider
from tests.codes import code_of
from tests.factories import AuthenticatorFactory, EnvironmentFactory
from tests.pages import CODE, is_signed_in, text

pytestmark = pytest.mark.django_db

ONE_FACTOR = "Met jouw rechten is het zakelijke account alleen niet genoeg."


# ASVS 8.4.1
def test_provider_of_the_own_organisation_opens_no_environment_of_another(client: Client, provider: Provider) -> None:
    connection = connect(provider)
    person, theirs = employee(connection), EnvironmentFactory()
    assert rank.organisation_decides_over(person)
    Access.objects.create(user=person, environment=EnvironmentFactory(organisation=connection.organisation))
    assert rank.organisation_decides_over(person)
    Access.objects.create(user=person, environment=theirs)
    assert not rank.organisation_decides_over(person)
    assert ONE_FACTOR in text(sign_in_there(client, provider, connection))
    assert not is_signed_in(client)
    AuthenticatorFactory(user=person)
    assert sign_in_there(client, provider, connection).url == CODE
    client.post(CODE, {"code": code_of(person)})
    assert client.get(f"/omgevingen/{theirs.slug}/").status_code == 200


def test_session_that_the_provider_opened_ends_when_its_person_may_open_an_environment_elsewhere(
    provider: Provider,
) -> None:
    connection = connect(provider)
    person = employee(connection)
    client = signed_in_there(provider, connection)
    assert is_signed_in(client)
    Access.objects.create(user=person, environment=EnvironmentFactory())
    assert ONE_FACTOR in text(client.get("/", follow=True))
    assert not is_signed_in(client)
