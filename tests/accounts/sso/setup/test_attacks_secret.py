"""The stored secret is never sent to another provider."""

from __future__ import annotations

import pytest

from accounts.audit.origin import Origin
from accounts.sso.setup import flows, readiness
from accounts.sso.setup.readiness import Missing
from tests.accounts.sso.browsing import connect
from tests.accounts.sso.provider import CLIENT_SECRET, Provider
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_another_provider_is_never_told_the_secret_of_the_present_one(
    provider: Provider, second_provider: Provider
) -> None:
    connection = connect(provider, enabled=False)
    by = {"actor": UserFactory(superuser=True), "origin": Origin()}
    flows.save_provider(connection.organisation, second_provider.issuer, "portaal", **by)
    connection.refresh_from_db()
    assert connection.secret() == ""
    assert Missing.PROOF in readiness.missing(connection)
    assert not readiness.can_be_tested(connection)


def test_another_client_id_at_the_same_provider_keeps_it(provider: Provider) -> None:
    connection = connect(provider, enabled=False)
    by = {"actor": UserFactory(superuser=True), "origin": Origin()}
    flows.save_provider(connection.organisation, provider.issuer, "een-ander-nummer", **by)
    connection.refresh_from_db()
    assert connection.secret() == CLIENT_SECRET
