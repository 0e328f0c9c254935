"""Upwards, sideways, oneself, outside one's organisation: every way in which a worker must not get at an account."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.recording import record
from accounts.models import User
from accounts.support import group, wording
from accounts.support.flows import Refusal
from accounts.support.interventions import approval
from accounts.support.interventions.flows import Outcome
from accounts.support.models import DESK_KINDS, CallerCheck, Intervention, Kind, Report
from accounts.two_factor.models import AccountRecovery, Authenticator, BridgeCode
from tests.accounts.support.desk_pages import APPROVALS, DESK, HERE, PAGES, REPORTS, WHY, act, page_of
from tests.conftest import sign_in
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db

POSTS = [*PAGES.values(), "beller/", "beller/versturen/", "code/intrekken/"]
GETS = ["", *PAGES.values(), "beller/", "code/eenmalig/"]


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


def bound_worker(organisation: object) -> User:
    worker = UserFactory(staff=True, with_totp=True, organisation=organisation)
    group.ensure_groups()
    worker.groups.add(Group.objects.get(name="Support eigen organisatie"))
    return worker


def nothing_happened_to(subject: User) -> None:
    assert not Intervention.objects.exclude(state="cancelled").exists()
    assert not CallerCheck.objects.exists()
    assert not BridgeCode.objects.exists()
    assert not AccountRecovery.objects.exists()
    assert Authenticator.objects.filter(user=subject).exists()


def test_group_may_look_people_up_and_reset_and_nothing_else() -> None:  # ASVS 8.1.1
    rights = group.ensure_groups().permissions.values_list("content_type__app_label", "codename")
    assert set(rights) == {
        ("accounts", "view_user"),
        ("accounts", "reset_second_factor"),
        ("support", "view_helprequest"),
        ("organisations", "work_for_every_organisation"),
    }


def test_group_gets_the_rights_that_a_new_version_brings_and_keeps_what_was_added() -> None:
    extra = Permission.objects.get(codename="view_organisation")
    group.ensure_groups().permissions.set([extra])
    rights = set(group.ensure_groups().permissions.values_list("codename", flat=True))
    wanted = {"view_user", "reset_second_factor", "view_helprequest", "work_for_every_organisation"}
    assert rights >= wanted | {extra.codename}


# ASVS 8.2.1
def test_support_opens_people_and_the_desk_and_nothing_else(desk: User) -> None:
    person = UserFactory(with_totp=True)
    client = signed_in(desk)
    assert DESK in shown(client, "/beheer/")
    page = shown(client, f"/beheer/accounts/user/{person.pk}/change/")
    assert page_of(person) in page
    assert 'name="_save"' not in page
    pages = ["accounts/user/add", "auth/group", "activiteit", "organisations/organisation"]
    for page in [*pages, "environments/environment", "environments/access"]:
        assert client.get(f"/beheer/{page}/").status_code == 403, page
    assert client.post(f"/beheer/accounts/user/{person.pk}/change/", {"email": "x@y.nl"}).status_code == 403


# ASVS 8.3.1
def test_staff_without_the_right_reach_no_page_of_the_desk() -> None:
    subject, other = UserFactory(with_totp=True), UserFactory(staff=True, with_totp=True)
    client = signed_in(other)
    for page in ("", "goedkeuringen/", "meldingen/", *(f"{subject.pk}/{part}" for part in GETS)):
        assert client.get(f"{DESK}{page}").status_code == 403, page
    for page in ("", *(f"{subject.pk}/{part}" for part in POSTS)):
        assert client.post(f"{DESK}{page}", {"reason": WHY, "words": "x y", "who": "x"}).status_code == 403, page
    assert act(Kind.RESET, subject, other).outcome is Refusal.NOT_ALLOWED
    nothing_happened_to(subject)


def test_employees_and_strangers_reach_no_page_of_the_desk() -> None:
    subject = UserFactory(with_totp=True)
    employee = signed_in(UserFactory(with_totp=True))
    for part in GETS:
        assert employee.get(f"{page_of(subject)}{part}", follow=True).request["PATH_INFO"] == "/", part
    for part in POSTS:
        employee.post(f"{page_of(subject)}{part}", {"reason": WHY, "words": "x y"})
    nothing_happened_to(subject)


def test_worker_without_a_second_step_cannot_help(desk: User) -> None:  # ASVS 6.3.4
    subject = UserFactory(with_totp=True)
    unverified = signed_in(UserFactory(in_support=True))
    assert unverified.post(page_of(subject, Kind.RESET), {"reason": WHY}).status_code == 302
    nothing_happened_to(subject)


def test_worker_who_lost_the_right_is_refused_at_the_next_request(desk: User, client: object) -> None:
    subject = UserFactory(with_totp=True)
    sign_in(client, desk)
    desk.groups.clear()  # ASVS 8.3.2
    assert client.post(page_of(subject, Kind.RESET), {"reason": WHY}).status_code == 403
    User.objects.filter(pk=desk.pk).update(is_staff=False)
    assert client.post(page_of(subject, Kind.RESET), {"reason": WHY}).status_code == 302
    nothing_happened_to(subject)


# ASVS 8.4.1
def test_worker_of_one_organisation_finds_nobody_of_another() -> None:
    mine, theirs = OrganisationFactory(), OrganisationFactory()
    worker, subject = bound_worker(mine), UserFactory(with_totp=True, organisation=theirs)
    homeless = UserFactory(with_totp=True)
    client = signed_in(worker)
    for stranger in (subject, homeless):
        for part in GETS:
            assert client.get(f"{page_of(stranger)}{part}").status_code == 404, part
        for part in POSTS:
            answer = client.post(f"{page_of(stranger)}{part}", {"reason": WHY, "words": "x y"})
            assert answer.status_code == 404, part
        for kind in DESK_KINDS:
            assert act(kind, stranger, worker).outcome is Refusal.OUT_OF_SCOPE
        nothing_happened_to(stranger)
    colleague = UserFactory(with_totp=True, organisation=mine)
    assert client.get(page_of(colleague)).status_code == 200
    assert act(Kind.RESET, colleague, worker).outcome is Outcome.DONE


def test_worker_bound_to_no_organisation_works_for_nobody() -> None:
    worker, subject = bound_worker(None), UserFactory(with_totp=True)
    assert signed_in(worker).get(page_of(subject)).status_code == 404
    assert act(Kind.RESET, subject, worker).outcome is Refusal.OUT_OF_SCOPE


def test_worker_of_one_organisation_sees_no_approval_and_no_report_of_another() -> None:
    mine, theirs = OrganisationFactory(), OrganisationFactory()
    worker = bound_worker(mine)
    worker.user_permissions.add(Permission.objects.get(codename="change_report"))
    boss = UserFactory(superuser=True)
    colleague = UserFactory(staff=True, with_totp=True, organisation=theirs, email="elders@voorbeeld.nl")
    asked = act(Kind.RESET, colleague, boss).intervention
    report = Report.objects.create(user=colleague, entry=AuditEntry.objects.first())
    client = signed_in(worker)
    for page in (APPROVALS, REPORTS):
        assert "elders@voorbeeld.nl" not in shown(client, page)
    for step in ("goedkeuren", "annuleren", "uitvoeren"):
        assert client.post(f"{APPROVALS}{asked.pk}/{step}/").status_code == 404
    assert client.post(f"{REPORTS}{report.pk}/bekeken/").status_code == 404
    asked.refresh_from_db()
    assert asked.state == "waiting"


@pytest.mark.parametrize("kind", DESK_KINDS)
def test_nobody_helps_themselves(kind: Kind, desk: User) -> None:
    client = signed_in(desk)
    assert "Dit is je eigen account." in shown(client, page_of(desk))
    client.post(page_of(desk, kind), {"reason": WHY})
    client.post(f"{page_of(desk)}beller/versturen/")
    nothing_happened_to(desk)
    boss = UserFactory(superuser=True, with_totp=True)
    assert act(kind, boss, boss).outcome is Refusal.ONESELF
    refused = AuditEntry.objects.filter(succeeded=False, actor=boss).get()
    assert (refused.detail, refused.reason) == ({"cause": "oneself"}, WHY)


@pytest.mark.parametrize("kind", DESK_KINDS)
def test_nobody_helps_a_person_with_more_rights(kind: Kind, desk: User) -> None:
    boss = UserFactory(superuser=True, with_totp=True)
    retired_boss = UserFactory(superuser=True, with_totp=True, is_active=False)
    editor = UserFactory(staff=True, with_totp=True)
    editor.user_permissions.add(Permission.objects.get(codename="add_environment"))
    client = signed_in(desk)
    for subject in (boss, retired_boss, editor):
        assert "rechten die jij niet hebt" in shown(client, page_of(subject, kind))
        client.post(page_of(subject, kind), {"reason": WHY})
        client.post(f"{page_of(subject)}beller/versturen/")
        nothing_happened_to(subject)
    refused = AuditEntry.objects.filter(succeeded=False, actor=desk, detail__cause="outranked")
    assert refused.filter(event=Event.CALLER_CHECK_SENT).count() == 3
    assert refused.exclude(event=Event.CALLER_CHECK_SENT).count() == 3


def test_organisation_s_own_worker_does_not_reset_one_who_works_for_all(desk: User) -> None:
    mine = OrganisationFactory()
    wider = UserFactory(in_support=True, with_totp=True, organisation=mine)
    assert act(Kind.RESET, wider, bound_worker(mine)).outcome is Refusal.OUTRANKED


def test_superuser_helps_everybody_else_with_four_eyes_where_there_are_rights() -> None:
    boss = UserFactory(superuser=True)
    assert act(Kind.RESET, UserFactory(with_totp=True), boss).outcome is Outcome.DONE
    assert act(Kind.RESET, UserFactory(superuser=True, with_totp=True), boss).outcome is Outcome.ASKED


def test_open_report_stops_what_opens_an_account_and_not_what_closes_it(desk: User) -> None:
    subject = UserFactory(with_totp=True)
    entry = AuditEntry.objects.create(event="signed_in", subject=subject)
    Report.objects.create(user=subject, entry=entry)
    for kind in (Kind.RESET, Kind.BRIDGE_CODE, Kind.LIFT_WAIT):
        assert act(kind, subject, desk).outcome is Refusal.REPORTED
    assert act(Kind.END_SESSIONS, subject, desk).outcome is Outcome.DONE
    assert "“dit was ik niet” gemeld" in shown(signed_in(desk), page_of(subject, Kind.RESET))


def test_who_changed_the_address_does_not_open_the_account_as_well() -> None:
    boss, second = UserFactory(superuser=True), UserFactory(superuser=True)
    subject, colleague = UserFactory(with_totp=True), UserFactory(with_totp=True, staff=True)
    for person in (subject, colleague):
        record(Event.ADDRESS_CHANGED, subject=person, actor=boss, origin=HERE)
    for kind in (Kind.RESET, Kind.BRIDGE_CODE):
        assert act(kind, subject, boss).outcome is Refusal.CHANGED_ADDRESS
    assert act(Kind.END_SESSIONS, subject, boss).outcome is Outcome.DONE
    asked = act(Kind.RESET, colleague, second).intervention
    assert approval.approve(asked, boss, HERE) is Refusal.CHANGED_ADDRESS
    assert act(Kind.RESET, subject, second).outcome is Outcome.ASKED
    with time_machine.travel(timezone.now() + limits.WARNING_PERIOD + timedelta(minutes=1), tick=True):
        assert act(Kind.BRIDGE_CODE, colleague, boss).outcome is Refusal.CHANGED_ADDRESS
        signed_in(colleague)
        assert act(Kind.BRIDGE_CODE, colleague, boss).outcome is Outcome.ASKED


def test_every_refusal_has_a_sentence() -> None:
    for refusal in Refusal:
        assert wording.of(refusal).endswith("."), refusal
    assert wording.of(None) == ""


def test_rights_are_asked_again_under_the_lock(desk: User) -> None:
    desk.get_all_permissions()  # as a page has asked already
    desk.groups.clear()
    assert act(Kind.RESET, UserFactory(with_totp=True), desk).outcome is Refusal.NOT_ALLOWED


def test_unknown_people_and_rubbish_numbers_are_not_found(desk: User) -> None:
    client = signed_in(desk)
    for number in ("999999", "0", "99999999999999999999"):
        for part in GETS:
            assert client.get(f"{DESK}{number}/{part}").status_code == 404
    for step in ("goedkeuren", "annuleren", "uitvoeren"):
        assert client.post(f"{APPROVALS}99999999999999999999/{step}/").status_code == 404
        assert client.get(f"{APPROVALS}1/{step}/").status_code == 405
    assert client.get(f"{REPORTS}1/bekeken/").status_code == 405
