"""The desk as tests use it: addresses, orders, and the words in the mail."""

from __future__ import annotations

import re

from django.test import Client

from accounts.audit.origin import Origin
from accounts.models import User
from accounts.support.caller_check import flows as caller_check
from accounts.support.interventions import flows
from accounts.support.interventions.flows import InterventionRequest, Result
from accounts.support.models import Kind
from tests.conftest import mails

HERE = Origin("192.0.2.7", "Testbrowser")
WHY = "Telefoon kwijt, teruggebeld op het bekende nummer"
DESK = "/beheer/support/"
APPROVALS = f"{DESK}goedkeuringen/"
REPORTS = f"{DESK}meldingen/"
PAGES = {
    Kind.LIFT_WAIT: "wachttijd-opheffen/",
    Kind.END_SESSIONS: "sessies-beeindigen/",
    Kind.BRIDGE_CODE: "code/",
    Kind.RESET: "herstellen/",
}
RECEIPT = re.compile(r"S-[2-9A-Z]{4}-[2-9A-Z]{4}")


def page_of(person: User, kind: Kind | None = None) -> str:
    return f"{DESK}{person.pk}/{PAGES[kind] if kind else ''}"


def act(kind: Kind, subject: User, worker: User | None, **texts: str) -> Result:
    return flows.act(InterventionRequest(kind, subject, worker, **{"reason": WHY, **texts}), HERE)


def words_in_mail() -> str:
    found = re.findall(r"^    (\w+ \w+)$", mails()[-1].body, re.MULTILINE)
    assert len(found) == 1, mails()[-1].body
    return found[0]


def check_caller(subject: User, worker: User) -> None:
    """As if the caller had read the words back; needs a test that commits, or captures its commits."""
    assert caller_check.send(subject, worker, HERE) is caller_check.Outcome.SENT
    assert caller_check.answer(subject, worker, words_in_mail(), HERE) is caller_check.Outcome.PASSED


def check_caller_on_page(client: Client, subject: User) -> None:
    client.post(f"{page_of(subject)}beller/versturen/")
    client.post(f"{page_of(subject)}beller/", {"words": words_in_mail()})
