"""Mail before a secret expires: in time, once, to the right people."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail as outbox
from django.core.management import call_command
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.models import Connection
from tests.conftest import mails
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def expiring(days: int, **fields: Any) -> Connection:
    expires = timezone.localdate() + timedelta(days=days)
    organisation = fields.pop("organisation", None) or OrganisationFactory()
    return Connection.objects.create(
        organisation=organisation, issuer="https://x.nl", client_id="x", secret_expires_on=expires,
        **{"enabled": True} | fields,
    )  # fmt: skip


def administrator(organisation: Organisation, **traits: Any) -> User:
    person = UserFactory(staff=True, organisation=organisation, **traits)
    person.user_permissions.add(Permission.objects.get(codename="change_organisation"))
    return person


def warn() -> str:
    out = StringIO()
    call_command("warn_expiring_secrets", stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(("days", "mailed"), [(31, 0), (30, 1), (29, 1), (8, 1), (7, 1), (0, 1), (-3, 1)])
def test_mail_is_sent_from_the_first_moment_of_warning_on(days: int, mailed: int) -> None:
    administrator(expiring(days).organisation)
    assert f"{mailed} organisations" in warn()
    assert len(mails()) == mailed


def test_daily_run_sends_each_of_the_two_warnings_once() -> None:
    connection = expiring(30)
    administrator(connection.organisation)
    for days in (30, 29, 15, 8, 7, 6, 1, 0, -1):
        Connection.objects.update(secret_expires_on=timezone.localdate() + timedelta(days=days))
        warn()
    assert [entry.detail["days"] for entry in AuditEntry.objects.order_by("pk")] == [30, 7]
    assert len(mails()) == 2


def test_missed_run_warns_late_and_once() -> None:
    administrator(expiring(3).organisation)
    warn()
    warn()
    assert len(mails()) == 1


def test_new_secret_is_warned_about_anew() -> None:
    connection = expiring(5, warned_days=7)
    administrator(connection.organisation)
    warn()
    assert not mails()
    Connection.objects.update(warned_days=None)
    warn()
    assert len(mails()) == 1


def test_mail_says_what_expires_when_and_where_to_mend_it() -> None:
    organisation = OrganisationFactory(name="Gemeente <b>&</b>", slug="gemeente")
    administrator(organisation, first_name="Ans")
    expiring(7, organisation=organisation)
    warn()
    [mail] = mails()
    assert mail.subject == "Het geheim van single sign-on verloopt binnenkort: Gemeente <b>&</b>"
    assert "Hallo Ans," in mail.body
    assert "https://mijn.assetmaps.nl/beheer/sso/gemeente/" in mail.body


def test_mail_goes_to_the_administrators_of_this_organisation_and_nobody_else() -> None:
    connection = expiring(7)
    mine = administrator(connection.organisation)
    administrator(connection.organisation, is_active=False)
    administrator(OrganisationFactory())
    UserFactory(organisation=connection.organisation)
    UserFactory(staff=True, organisation=connection.organisation)
    UserFactory(superuser=True)
    warn()
    assert [mail.to for mail in mails()] == [[mine.email]]


def test_without_an_administrator_of_its_own_ours_are_told_because_somebody_must_know() -> None:
    expiring(7)
    boss = UserFactory(superuser=True)
    warn()
    assert [mail.to for mail in mails()] == [[boss.email]]


@pytest.mark.parametrize("fields", [{"enabled": False}, {"secret_expires_on": None}])
def test_nobody_is_warned_of_what_is_off_or_has_no_date(fields: dict[str, Any]) -> None:
    connection = expiring(7)
    administrator(connection.organisation)
    Connection.objects.update(**fields)
    assert "0 organisations" in warn()
    assert not mails()


def test_two_runs_at_once_send_one_mail() -> None:
    administrator(expiring(7).organisation)
    at_once([warn] * 3)
    assert len(outbox.outbox) == 1
    assert AuditEntry.objects.filter(event="sso_expiry_warned").count() == 1


def test_mail_that_could_not_be_recorded_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    administrator(expiring(7).organisation)

    def fail(*args: object, **options: object) -> None:
        raise OSError

    monkeypatch.setattr("accounts.sso.credentials.expiry.record", fail)
    with pytest.raises(OSError):
        warn()
    assert not mails()
    assert Connection.objects.get().warned_days is None
