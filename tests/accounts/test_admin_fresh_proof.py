"""Rights are given and second factors reset after fresh proof only."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from accounts.support import group
from accounts.two_factor import devices
from tests.codes import code_of
from tests.factories import PASSWORD, UserFactory
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=11)


# ASVS 7.5.3
@pytest.mark.parametrize(
    "address", ["accounts/user/{person}/change/", "support/{person}/herstellen/", "auth/group/{group}/change/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_old_session_of_an_administrator_resets_nobody_and_gives_no_rights(address: str, method: str) -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(UserFactory(superuser=True, with_totp=True))
    address = "/beheer/" + address.format(person=person.pk, group=group.ensure_groups().pk)
    assert client.get(address).status_code == 200
    with time_machine.travel(timezone.now() + LATER, tick=True):
        answer = getattr(client, method)(address, {"reason": "x"})
    assert answer.url.startswith("/bevestig-identiteit/?next=%2Fbeheer%2F")
    assert devices.has_confirmed_device(person)


# ASVS 7.5.3
def test_what_the_administrator_typed_is_carried_out_after_the_proof() -> None:
    person, boss = UserFactory(), UserFactory(superuser=True, with_totp=True)
    client, address = signed_in(boss), f"/beheer/accounts/user/{person.pk}/change/"
    form = {"email": person.email, "first_name": "Anders", "last_name": "Soon", "language": "nl", "is_active": "on"}
    form |= {"is_staff": "on"} | client.hidden(address)
    with time_machine.travel(timezone.now() + LATER, tick=True):
        asked = client.post(address, form).url
        assert asked.startswith("/bevestig-identiteit/")
        assert not User.objects.get(pk=person.pk).is_staff
        client.post(
            "/bevestig-identiteit/",
            {"password": PASSWORD, "code": code_of(boss), "next": client.get(asked).context["next"]},
        )
    person.refresh_from_db()
    assert (person.first_name, person.is_staff) == ("Anders", True)
