"""How long data is kept, as docs/data.md says, is what `purge` does: a row past its term goes, a younger one stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Model
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.active_sessions.models import Session
from accounts.audit.models import Repetition
from accounts.mail.models import OutgoingMail
from accounts.mail.models import State as MailState
from accounts.mfa_policy.models import PasskeyReminder, Reminder, Snapshot
from accounts.sso.models import Spent
from accounts.support.models import CallerCheck, HelpRequest
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import (
    Authenticator,
    BridgeCode,
    EndReason,
    FormerAuthenticator,
    FormerPasskey,
    UsedChallenge,
)
from environments.people.models import PeopleImport
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.test_documents import document, rows, section

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def local_day(at: datetime) -> date:
    return timezone.localtime(at).date()


def at(row: Model, **times: Any) -> Model:
    """With these columns, also where the model sets them itself."""
    type(row)._base_manager.filter(pk=row.pk).update(**times)
    return row


def session(past: datetime) -> Model:
    ends = past + 12 * HOUR
    return Session.objects.create(digest=f"{past}"[:64], data="", started_at=past, seen_at=past, expires_at=ends)


def counter(past: datetime, bucket: str = "") -> Model:
    return at(
        AttemptCounter.objects.create(subject="user:1", kind=f"{past:%m%d%H%M%S%f}", bucket=bucket), changed_at=past
    )


def former(past: datetime) -> Model:
    return FormerAuthenticator.objects.create(
        user=UserFactory(), name="x", why=EndReason.REMOVED, sealed_secret=b"x", ended_at=past
    )


def task(past: datetime) -> Model:
    return DBTaskResult.objects.create(
        task_path="x", backend_name="default", args_kwargs={"args": [], "kwargs": {}}, status="SUCCESSFUL",
        run_after=past, finished_at=past,
    )  # fmt: skip


def mail(past: datetime) -> Model:
    return OutgoingMail.objects.create(to="x@voorbeeld.nl", template="x", state=MailState.SENT, ended_at=past)


def reminder(past: datetime) -> Model:
    whose = {"user": UserFactory(), "organisation": OrganisationFactory()}
    return Reminder.objects.create(**whose, required_from=local_day(past), days_before=7)


def passkey_reminder(past: datetime) -> Model:
    return PasskeyReminder.objects.create(user=UserFactory(), required_from=local_day(past), days_before=7)


def former_passkey(past: datetime) -> Model:
    return FormerPasskey.objects.create(
        user=UserFactory(), name="x", why=EndReason.REMOVED, credential_id=b"x", sealed_key=b"x", ended_at=past
    )


def snapshot(past: datetime) -> Model:
    return Snapshot.objects.create(organisation=OrganisationFactory(), day=local_day(past), people=1, protected=1)


def unfinished(past: datetime) -> Model:
    return at(AuthenticatorFactory(user=UserFactory(), confirmed=False), created_at=past)


def bridge_code(past: datetime) -> Model:
    return BridgeCode.objects.create(user=UserFactory(), salt=b"x", digest="x", made_at=past)


def caller_check(past: datetime) -> Model:
    people = {"subject": UserFactory(), "worker": UserFactory()}
    return CallerCheck.objects.create(**people, salt=b"x", digest="x", sent_at=past)


def people_list(past: datetime, finished: datetime | None) -> Model:
    whose = {"made_by": UserFactory(), "organisation": OrganisationFactory()}
    return PeopleImport.objects.create(**whose, made_at=past, confirmed_at=finished, finished_at=finished)


# By table: the words of the document, the term that they mean, and a row whose term began then.
TERMS: dict[str, list[tuple[str, timedelta, Callable[[datetime], Model]]]] = {
    "two_factor.Authenticator": [("unfinished 30 minutes", 30 * MINUTE, unfinished)],
    "two_factor.FormerAuthenticator": [("30 days", 30 * DAY, former)],
    "two_factor.FormerPasskey": [("30 days", 30 * DAY, former_passkey)],
    "two_factor.UsedChallenge": [
        ("1 hour", HOUR, lambda past: UsedChallenge.objects.create(digest=f"{past}", used_at=past))
    ],
    "two_factor.BridgeCode": [("15 minutes", 15 * MINUTE, bridge_code)],
    "active_sessions.Session": [("12 hours at most", 12 * HOUR, session)],
    "throttling.AttemptCounter": [
        ("30 days", 30 * DAY, counter),
        ("of known browsers 180", 180 * DAY, lambda past: counter(past, "known")),
    ],
    "support.HelpRequest": [
        ("90 days", 90 * DAY, lambda past: at(HelpRequest.objects.create(user=UserFactory()), asked_at=past))
    ],
    "support.CallerCheck": [("half an hour", 30 * MINUTE, caller_check)],
    "audit.Repetition": [
        ("an hour", HOUR, lambda past: Repetition.objects.create(key=f"{past}", event="code_refused", since=past))
    ],
    "sso.Spent": [
        ("15 minutes", 15 * MINUTE, lambda past: Spent.objects.create(digest=f"{past}", until=past + 15 * MINUTE))
    ],
    "enforcement.Reminder": [("90 days after the first day", 90 * DAY, reminder)],
    "enforcement.PasskeyReminder": [("90 days after the first day", 90 * DAY, passkey_reminder)],
    "enforcement.Snapshot": [("2 years", 730 * DAY, snapshot)],
    "people.PeopleImport": [
        ("unconfirmed 1 day", DAY, lambda past: people_list(past, None)),
        ("else 30 days", 30 * DAY, lambda past: people_list(past, past)),
    ],
    "mail.OutgoingMail": [("the rest 30 days", 30 * DAY, mail)],
    "django_tasks_database.DBTaskResult": [("7 days after its end", 7 * DAY, task)],
}
NOT_BY_PURGE = {"people.ImportLine": "goes with its list", "background.Worker": "goes with its process"}


def told() -> dict[str, str]:
    """How long each table is kept, as the document says."""
    found = {}
    for row in rows(section(document("data.md"), "What is kept where"))[1:]:
        found |= dict.fromkeys(re.findall(r"`([a-z_]+\.[A-Za-z_]+)`", row[0]), row[5])
    return found


def test_every_term_of_the_document_is_tested() -> None:
    terms = {label for label, kept in told().items() if re.search(r"\d|\bhour", kept)}
    assert terms - set(NOT_BY_PURGE) == set(TERMS)


@pytest.mark.django_db(transaction=True)
def test_row_goes_after_its_term_and_not_before() -> None:
    now, kept = timezone.now(), told()
    made = []
    for label, cases in TERMS.items():
        for words, term, make in cases:
            assert words in kept[label], label
            aside = 2 * DAY if term >= DAY * 30 else MINUTE * 2
            made.append((label, words, make(now - term - aside), make(now - term + aside)))
            assert made[-1][2]._meta.label == label == apps.get_model(label)._meta.label
    call_command("purge", verbosity=0)
    left = {(label, words): (old.pk, young.pk) for label, words, old, young in made}
    for label, words, old, young in made:
        there = set(type(old)._base_manager.filter(pk__in=left[label, words]).values_list("pk", flat=True))
        assert there == {young.pk}, f"{label}: {words}"
    assert Authenticator.objects.filter(confirmed=False).count() == 1
