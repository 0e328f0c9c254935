"""The field "present password" is a way in like any other: counted together with the sign-in."""

from __future__ import annotations

import pytest

from accounts.audit.models import AuditEntry
from accounts.throttling.flows import subject_of
from accounts.throttling.models import AttemptCounter
from tests.factories import PASSWORD, UserFactory
from tests.pages import browser, signed_in

pytestmark = pytest.mark.django_db

CHANGE = "/persoonlijke-gegevens/wachtwoord/"
NEW = "drie woorden en nog wat meer"


def attempt(client: object, old: str) -> object:
    return client.post(CHANGE, {"old_password": old, "new_password1": NEW, "new_password2": NEW})


def test_stolen_session_cannot_try_passwords_without_end() -> None:  # ASVS 6.3.1
    person = UserFactory()
    owner = signed_in(person)
    thief = browser()
    thief.cookies["__Host-session"] = owner.cookies["__Host-session"].value
    for n in range(7):
        attempt(thief, f"fout {n}")
    assert attempt(thief, PASSWORD).url == CHANGE  # right, but during the wait
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert AttemptCounter.objects.get(kind="password", subject=subject_of(person)).failures == 5
    refused = AuditEntry.objects.filter(event="password_refused", subject=person)
    causes = list(refused.values_list("detail__cause", flat=True))
    assert sorted(causes) == ["waiting"] * 3 + ["wrong"] * 5


def test_owner_in_a_known_browser_is_not_kept_out_by_the_thief() -> None:
    person = UserFactory()
    owner = signed_in(person)
    thief = browser()
    thief.cookies["__Host-session"] = owner.cookies["__Host-session"].value
    for n in range(7):
        attempt(thief, f"fout {n}")
    attempt(owner, PASSWORD)
    person.refresh_from_db()
    assert person.check_password(NEW)
