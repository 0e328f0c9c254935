"""Support: resetting somebody's second step, and nothing else."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.support import flows, group
from accounts.support.flows import Outcome
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator
from tests.codes import wrong_code_of
from tests.conftest import mails, sign_in
from tests.factories import AuthenticatorFactory, UserFactory
from tests.pages import browser, half_signed_in, is_signed_in, shown, signed_in, type_code

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
WHY = "Telefoon kwijt, teruggebeld op het bekende nummer"


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def person() -> User:
    return UserFactory(with_totp=True)


def reset_page(person: User) -> str:
    return f"/beheer/accounts/user/{person.pk}/reset/"


def reset(subject: User, actor: User | None) -> Outcome:
    return flows.reset_second_factor(subject, actor=actor, reason=WHY, origin=HERE)


def test_group_may_look_people_up_and_reset_and_nothing_else() -> None:  # ASVS 8.1.1
    rights = group.ensure().permissions.values_list("content_type__app_label", "codename")
    assert set(rights) == {
        ("accounts", "view_user"),
        ("accounts", "reset_second_factor"),
        ("support", "view_helprequest"),
        ("organisations", "work_for_every_organisation"),
    }


def test_group_gets_the_rights_that_a_new_version_brings_and_keeps_what_was_added() -> None:
    extra = Permission.objects.get(codename="view_organisation")
    group.ensure().permissions.set([extra])
    rights = set(group.ensure().permissions.values_list("codename", flat=True))
    assert rights >= {
        "view_user",
        "reset_second_factor",
        "view_helprequest",
        "work_for_every_organisation",
        extra.codename,
    }


# ASVS 8.2.1
def test_support_opens_people_and_nothing_else(desk: User, person: User) -> None:
    client = signed_in(desk)
    assert client.get("/beheer/").status_code == 200
    assert client.get(f"/beheer/accounts/user/?q={person.email}").status_code == 200
    page = shown(client, f"/beheer/accounts/user/{person.pk}/change/")
    assert reset_page(person) in page
    assert 'name="_save"' not in page
    rooms = ["accounts/user/add", "auth/group", "activiteit", "organisations/organisation"]
    for room in [*rooms, "environments/environment", "environments/access"]:
        assert client.get(f"/beheer/{room}/").status_code == 403, room
    assert client.post(f"/beheer/accounts/user/{person.pk}/change/", {"email": "x@y.nl"}).status_code == 403


def test_reset_asks_for_a_reason_and_says_what_will_happen(desk: User, person: User) -> None:
    client = signed_in(desk)
    page = shown(client, reset_page(person))
    assert person.email in page
    assert "beëindig je alle sessies" in page
    page = shown(client, reset_page(person), {"reason": "   "})
    assert "errorlist" in page
    assert Authenticator.objects.filter(user=person).exists()


def test_reset_takes_a_post(desk: User, person: User) -> None:  # ASVS 3.5.3
    client = signed_in(desk)
    client.get(reset_page(person), {"reason": WHY})
    assert Authenticator.objects.filter(user=person).exists()


# ASVS 6.5.6
def test_reset_removes_devices_set_ups_sessions_and_waits(desk: User, person: User) -> None:
    AuthenticatorFactory(user=person, confirmed=False)
    client, owing = signed_in(person), half_signed_in(person)
    for _ in range(5):
        type_code(owing, wrong_code_of(person))
    support = signed_in(desk)
    assert "De tweede stap is hersteld" in shown(support, reset_page(person), {"reason": WHY})
    assert not Authenticator.objects.filter(user=person).exists()
    assert not Session.objects.filter(user=person).exists()
    assert not AttemptCounter.objects.filter(subject=f"user:{person.pk}").exists()
    assert not is_signed_in(client)
    assert sign_in(browser(), person).url == "/"
    assert is_signed_in(support)


def test_reset_is_recorded_with_who_whom_why_and_where(desk: User, person: User) -> None:  # ASVS 16.2.1
    signed_in(desk).post(reset_page(person), {"reason": f"{WHY}\r\nVervalst: regel"})
    entry = AuditEntry.objects.get(event="second_step_reset")
    assert (entry.actor, entry.subject, entry.succeeded) == (desk, person, True)
    assert (entry.actor_name, entry.subject_name) == (desk.email, person.email)
    assert (entry.address, entry.browser) == ("127.0.0.1", "Testbrowser")
    assert entry.reason.startswith(WHY)
    assert "\n" not in entry.reason


def test_person_is_told_by_mail_what_happened_and_why(
    desk: User, person: User, django_capture_on_commit_callbacks: object
) -> None:  # ASVS 6.3.7
    with django_capture_on_commit_callbacks(execute=True):
        reset(person, desk)
    (message,) = mails()
    assert message.to == [person.email]
    assert message.subject == "Support heeft je twee-staps-authenticatie hersteld"
    assert WHY in message.body
    assert re.search(r"https://mijn\.assetmaps\.nl/dit-was-ik-niet/\S+/", message.body)


def test_nobody_resets_themselves(desk: User) -> None:
    client = signed_in(desk)
    assert "je eigen tweede stap" in shown(client, reset_page(desk))
    client.post(reset_page(desk), {"reason": WHY})
    assert Authenticator.objects.filter(user=desk).exists()
    assert AuditEntry.objects.get(event="reset_refused").detail == {"cause": "oneself"}
    boss = UserFactory(superuser=True, with_totp=True)
    assert reset(boss, boss) is Outcome.ONESELF


def test_nobody_resets_a_person_with_more_rights(desk: User) -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    retired_boss = UserFactory(superuser=True, with_totp=True, is_active=False)
    editor = UserFactory(staff=True, with_totp=True)
    editor.user_permissions.add(Permission.objects.get(codename="add_environment"))
    client = signed_in(desk)
    for subject in (boss, retired_boss, editor):
        assert "rechten die jij niet hebt" in shown(client, reset_page(subject))
        client.post(reset_page(subject), {"reason": WHY})
        assert Authenticator.objects.filter(user=subject).exists()
    assert AuditEntry.objects.filter(event="reset_refused", actor=desk, detail__cause="outranked").count() == 3


def test_colleagues_with_the_same_rights_help_each_other(desk: User) -> None:
    colleague = UserFactory(in_support=True, with_totp=True)
    assert reset(colleague, desk) is Outcome.RESET


def test_superuser_resets_everybody_else() -> None:
    boss = UserFactory(superuser=True)
    for subject in (UserFactory(superuser=True, with_totp=True), UserFactory(with_totp=True)):
        assert reset(subject, boss) is Outcome.RESET


# ASVS 8.3.1
def test_staff_without_the_right_are_refused(person: User) -> None:
    other = UserFactory(staff=True, with_totp=True)
    client = signed_in(other)
    assert client.get(reset_page(person)).status_code == 403
    assert client.post(reset_page(person), {"reason": WHY}).status_code == 403
    assert reset(person, other) is Outcome.NOT_ALLOWED
    assert Authenticator.objects.filter(user=person).exists()


def test_support_worker_without_second_step_cannot_reset(person: User) -> None:  # ASVS 6.3.4
    unverified = signed_in(UserFactory(in_support=True))
    assert unverified.post(reset_page(person), {"reason": WHY}).status_code == 302
    assert Authenticator.objects.filter(user=person).exists()


def test_support_worker_who_lost_staff_status_is_refused(person: User, desk: User, client: Client) -> None:
    sign_in(client, desk)
    User.objects.filter(pk=desk.pk).update(is_staff=False)  # ASVS 8.3.2
    client.post(reset_page(person), {"reason": WHY})
    assert Authenticator.objects.filter(user=person).exists()


def test_nothing_to_reset_is_told_and_changes_nothing(desk: User) -> None:
    nobody = UserFactory()
    page = shown(signed_in(desk), reset_page(nobody), {"reason": WHY})
    assert "heeft geen tweede stap" in page
    assert not AuditEntry.objects.filter(event="second_step_reset").exists()


def test_unknown_person_is_not_found(desk: User) -> None:
    assert signed_in(desk).get("/beheer/accounts/user/999999/reset/").status_code == 404


def test_refusals_survive_and_leave_sessions_alone(desk: User) -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    client = signed_in(boss)
    assert reset(boss, desk) is Outcome.OUTRANKED
    assert is_signed_in(client)
