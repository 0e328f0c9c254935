"""A pending sign-in expires after five minutes; the pages that ask for a code show how many seconds are left."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import UserFactory
from tests.pages import half_signed_in, shown, text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["verificatie", "herstelcode", "code-van-support"])
def test_page_that_asks_for_a_code_knows_how_long_it_is_good_for(page: str) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = half_signed_in(UserFactory(with_totp=True))
        clock.shift(timedelta(seconds=100))
        asked = text(client.get(f"/inloggen/{page}/"))
        assert re.search(r'data-over-in="(\d+)"', asked)[1] == "200"
        clock.shift(timedelta(seconds=201))
        assert "Log opnieuw in" in shown(client, "/inloggen/verificatie/")
