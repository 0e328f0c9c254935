"""A connection that breaks in the middle of a step: an outage for the visitor, and nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from accounts.active_sessions import reauthentication
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import Authenticator, BridgeCode, RecoveryCode
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.codes import code_of
from tests.conftest import browser, outlive_proof, sign_in
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def cut_before(number: int) -> Any:
    """The server ends the connection before its statement of this number, as in a restart."""
    left = number

    def cut(execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            end(connection.connection.info.backend_pid)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cut):
        yield lambda: left <= 0
    connection.close()


def end(process: int) -> None:
    facts = connection.settings_dict
    address = {"host": facts["HOST"], "port": facts["PORT"], "user": facts["USER"], "password": facts["PASSWORD"]}
    with psycopg.connect(dbname=facts["NAME"], autocommit=True, **address) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [process])


def first_step(person: User) -> Client:
    client = browser(raise_request_exception=False)
    assert client.post("/inloggen/", {"username": person.email, "password": PASSWORD}).url == "/inloggen/verificatie/"
    return client


def signed_in_long_ago(person: User) -> Client:
    client = browser(raise_request_exception=False)
    sign_in(client, person)
    Authenticator.objects.update(last_step=-1)  # as if that had been another code
    outlive_proof(client)
    return client


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def has_fresh_proof(client: Client) -> bool:
    return reauthentication.PROVED_AT in client.session


@dataclass
class Step:
    """``begin``: a browser that stands before the form at ``address``; ``opened``: what a right code gives it."""

    address: str
    by: str
    begin: Callable[[User], Client] = first_step
    opened: Callable[[Client], bool] = is_signed_in


STEPS = [
    Step("/inloggen/verificatie/", "app"),
    Step("/inloggen/herstelcode/", "recovery code"),
    Step("/inloggen/code-van-support/", "code of support"),
    Step("/bevestig-identiteit/", "recovery code", signed_in_long_ago, has_fresh_proof),
]


def used_up() -> int:
    """How many codes are spent, of whatever kind."""
    used = RecoveryCode.objects.exclude(used_at=None).count() + Authenticator.objects.exclude(last_step=-1).count()
    return used + (1 - BridgeCode.objects.count())


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.address} {step.by}")
def test_no_code_is_spent_for_nothing_wherever_the_connection_breaks(step: Step) -> None:
    person = UserFactory(with_totp=True)
    codes = {"recovery code": recovery_codes.make(person, Origin("192.0.2.1", "Testbrowser"))[0]}
    codes["code of support"] = account_recovery.issue_bridge_code(person)
    client = step.begin(person)
    codes["app"] = code_of(person)
    told = AuditEntry.objects.count()
    for number in range(1, 100):
        with cut_before(number) as was_cut:
            response = client.post(step.address, {"password": PASSWORD, "code": codes[step.by]})
        if not was_cut() or step.opened(client):
            break  # cut or not: all that followed on the step itself was the page
        assert response.status_code == 503
        assert used_up() == 0, f"statement {number}"
        assert AuditEntry.objects.count() == told
    assert number > 5
    assert step.opened(client)
    assert used_up() == 1
