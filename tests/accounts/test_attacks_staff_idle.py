"""The idle limit of the administration cannot be avoided by way of another page."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import UserFactory
from tests.pages import is_signed_in, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("detour", ["/", "/persoonlijke-gegevens/", "/persoonlijke-gegevens/sessies/"])
def test_detour_over_the_portal_does_not_open_the_administration(detour: str) -> None:  # ASVS 7.3.1
    client = signed_in(UserFactory(with_totp=True, superuser=True))
    assert client.get("/beheer/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert client.get(detour).status_code == 200
        assert client.get("/beheer/").url.startswith("/inloggen/")
        assert not is_signed_in(client)


def test_staff_at_work_stay_in() -> None:
    client = signed_in(UserFactory(with_totp=True, superuser=True))
    for minutes in (14, 28):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
            assert client.get("/").status_code == 200
            assert client.get("/beheer/").status_code == 200
