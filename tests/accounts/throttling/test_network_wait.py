from __future__ import annotations

import logging

import pytest
from django.test import Client

from accounts import limits


# ASVS 16.3.3
@pytest.mark.django_db
def test_wait_of_a_whole_network_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "accounts.sign_in.password.flows")
    for number in range(limits.NETWORK_FAILURES + 1):
        Client().post("/inloggen/", {"username": f"n{number}@voorbeeld.nl", "password": "x"})
    assert [line.getMessage() for line in caplog.records if line.name == "accounts.sign_in.password.flows"] == [
        "sign-in from 127.0.0.1 has to wait: too many wrong passwords from that network"
    ]
