"""The callback of a test sign-in: a public URL, minutes after the request."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from tests.accounts.sso.browsing import come_back, connect, led_to
from tests.accounts.sso.provider import Provider
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("lost", ["rights", "organisation", "nothing"])
def test_who_is_no_administrator_any_more_opens_no_way_to_switching_on(provider: Provider, lost: str) -> None:
    connection = connect(provider, enabled=False)
    boss = UserFactory(organisation=connection.organisation, superuser=True, with_totp=True)
    client = signed_in(boss)
    there = led_to(client.post(f"/beheer/sso/{connection.organisation.slug}/proef/beginnen/"))
    if lost == "rights":
        User.objects.filter(pk=boss.pk).update(is_superuser=False)
    if lost == "organisation":
        User.objects.filter(pk=boss.pk).update(is_superuser=False)
        boss.user_permissions.add(Permission.objects.get(codename="change_organisation"))
        boss.membership.organisation = OrganisationFactory()
        boss.membership.save()
    come_back(client, connection, provider.sign_in(there))
    connection.refresh_from_db()
    assert (connection.tested_at is not None) is (lost == "nothing")
