"""The commands for whoever runs the server."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.support.models import Intervention, Kind, State
from accounts.two_factor.models import AccountRecovery, Authenticator
from tests.conftest import mails
from tests.factories import AuthenticatorFactory, UserFactory
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


def run(name: str, *args: str, **options: object) -> str:
    out = StringIO()
    call_command(name, *args, stdout=out, **options)
    return out.getvalue()


def test_reset_two_factor_leaves_the_same_traces_as_support(django_capture_on_commit_callbacks: object) -> None:
    person = UserFactory(superuser=True, with_totp=True)
    signed_in(person)
    with django_capture_on_commit_callbacks(execute=True):
        text = run("reset_two_factor", person.email.upper(), "--reason", "telefoon kwijt")
    assert "is reset" in text
    assert not Authenticator.objects.exists()
    assert not Session.objects.exists()
    row = Intervention.objects.get()
    assert (row.kind, row.subject, row.worker, row.state) == (Kind.RESET, person, None, State.DONE)
    assert row.receipt in text
    entry = AuditEntry.objects.get(event="second_step_reset")
    assert (entry.actor, entry.actor_name, entry.address, entry.reason) == (None, "manage.py", None, "telefoon kwijt")
    assert entry.detail == {"receipt": row.receipt}
    (message,) = mails()
    assert message.to == [person.email]
    assert row.receipt in message.body
    assert "/nieuwe-telefoon/" in message.body
    assert AccountRecovery.objects.filter(user=person).exists()


def test_reset_two_factor_demands_a_reason() -> None:
    person = UserFactory(with_totp=True)
    for arguments in ([person.email], [person.email, "--reason", "  "]):
        with pytest.raises(CommandError):
            run("reset_two_factor", *arguments)
    assert Authenticator.objects.exists()


def test_reset_two_factor_says_who_is_unknown_or_had_none() -> None:
    with pytest.raises(CommandError, match="Nobody has the address"):
        run("reset_two_factor", "niemand@voorbeeld.nl", "--reason", "x")
    assert "There was no second step" in run("reset_two_factor", UserFactory().email, "--reason", "x")
    assert not AccountRecovery.objects.exists()


def test_two_factor_status_tells_of_a_reset(django_capture_on_commit_callbacks: object) -> None:
    person = UserFactory(with_totp=True)
    run("reset_two_factor", person.email, "--reason", "telefoon kwijt")
    text = run("two_factor_status", person.email)
    assert "waits for the new phone" in text
    assert Intervention.objects.get().receipt in text


def test_two_factor_status_counts_active_people() -> None:
    UserFactory(with_totp=True)
    UserFactory(staff=True)
    UserFactory(with_totp=True, is_active=False)
    AuthenticatorFactory(user=UserFactory(), confirmed=False)
    text = run("two_factor_status")
    assert "people: 1 of 3 have a second step" in text
    assert "staff: 0 of 1 have a second step" in text


def test_two_factor_status_of_one_person_shows_no_secret() -> None:
    person, without = UserFactory(with_totp=True), UserFactory()
    assert "authenticator app since" in run("two_factor_status", person.email)
    assert "last used never" in run("two_factor_status", person.email)
    assert Authenticator.objects.get().secret().hex() not in run("two_factor_status", person.email)
    assert "no second step" in run("two_factor_status", without.email)
    with pytest.raises(CommandError):
        run("two_factor_status", "niemand@voorbeeld.nl")


# ASVS 14.2.7
def test_purge_removes_what_is_over_and_keeps_the_rest() -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        signed_in(UserFactory())
        AuthenticatorFactory(user=UserFactory(), confirmed=False)
        AuthenticatorFactory(user=UserFactory())
    signed_in(UserFactory())
    AuthenticatorFactory(user=UserFactory(), confirmed=False)
    assert "1 unfinished" in run("purge")
    assert Session.objects.count() == 1
    assert Authenticator.objects.filter(confirmed=False).count() == 1
    assert Authenticator.objects.filter(confirmed=True).count() == 1
