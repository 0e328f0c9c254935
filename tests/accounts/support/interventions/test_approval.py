"""Four eyes over accounts with rights: a second worker, or a day in which the owner does not cancel."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.support import cancellation
from accounts.support.flows import Refusal
from accounts.support.interventions import approval, flows
from accounts.support.interventions.flows import Outcome
from accounts.support.models import Intervention, Kind, State
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator, BridgeCode
from tests.accounts.support.desk_pages import APPROVALS, HERE, WHY, act, check_caller, page_of
from tests.codes import wrong_code_of
from tests.conftest import browser, mails, outlive_proof
from tests.factories import UserFactory
from tests.pages import at_once, half_signed_in, shown, signed_in, type_code

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(hours=24)


@pytest.fixture
def desk() -> User:
    return UserFactory(in_support=True, with_totp=True, email="desk@voorbeeld.nl")


@pytest.fixture
def second() -> User:
    return UserFactory(in_support=True, with_totp=True, email="tweede@voorbeeld.nl")


@pytest.fixture
def colleague() -> User:
    return UserFactory(in_support=True, with_totp=True, email="collega@voorbeeld.nl")


def cancel_link() -> str:
    return re.search(r"https://mijn\.assetmaps\.nl(/hulp-van-support-intrekken/\S+)", mails()[-1].body)[1]


def asked_by(desk: User, colleague: User, kind: Kind = Kind.RESET) -> Intervention:
    result = act(kind, colleague, desk)
    assert result.outcome is Outcome.ASKED
    return result.intervention


def carry_out(asked: Intervention, worker: User) -> object:
    return flows.carry_out(Intervention.objects.get(pk=asked.pk), worker, HERE).outcome


def is_reset(person: User) -> bool:
    return not Authenticator.objects.filter(user=person).exists()


@pytest.mark.parametrize("why", ["staff", "superuser", "group", "right"])
def test_every_account_with_rights_waits(why: str) -> None:
    boss = UserFactory(superuser=True)
    subject = UserFactory(with_totp=True, is_staff=why == "staff", is_superuser=why == "superuser")
    if why == "group":
        subject.groups.add(Group.objects.create(name="Lezers"))
    if why == "right":
        subject.user_permissions.add(Permission.objects.first())
    asked_by(boss, subject)
    assert not is_reset(subject)


def test_second_worker_approves_and_the_first_carries_out(desk: User, second: User, colleague: User) -> None:
    first, other = signed_in(desk), signed_in(second)
    assert "Aangevraagd." in shown(first, page_of(colleague, Kind.RESET), {"reason": WHY})
    asked = Intervention.objects.get()
    page = shown(other, APPROVALS)
    for fact in (WHY, asked.receipt, colleague.email, desk.email):
        assert fact in page
    assert "Goedgekeurd." in shown(other, f"{APPROVALS}{asked.pk}/goedkeuren/", {})
    assert not is_reset(colleague)
    assert f"{APPROVALS}{asked.pk}/uitvoeren/" not in shown(other, APPROVALS)
    assert asked.receipt in shown(first, f"{APPROVALS}{asked.pk}/uitvoeren/", {})
    assert is_reset(colleague)
    done = AuditEntry.objects.get(event="second_step_reset")
    assert (done.actor, done.detail["approved_by"]) == (desk, second.email)
    asked.refresh_from_db()
    assert (asked.state, asked.approved_by, asked.worker) == (State.DONE, second, desk)


@pytest.mark.parametrize("how", ["deactivated", "no right any more"])
def test_approval_of_somebody_who_lost_the_right_since_counts_no_more(
    desk: User, second: User, colleague: User, how: str
) -> None:
    asked = asked_by(desk, colleague)
    assert approval.approve(asked, second, HERE) is None
    if how == "deactivated":
        User.objects.filter(pk=second.pk).update(is_active=False)
    else:
        second.groups.clear()
    assert carry_out(asked, desk) is Refusal.NOT_READY
    assert not is_reset(colleague)


def test_approval_needs_fresh_proof_and_a_post(desk: User, second: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    client = signed_in(second)
    assert client.get(f"{APPROVALS}{asked.pk}/goedkeuren/").status_code == 405
    outlive_proof(client)
    for step in ("goedkeuren", "uitvoeren"):
        assert client.post(f"{APPROVALS}{asked.pk}/{step}/").url.startswith("/bevestig-identiteit/")
    asked.refresh_from_db()
    assert asked.state == State.WAITING


def test_nobody_approves_what_they_asked_or_what_is_about_them(desk: User, second: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    assert approval.approve(asked, desk, HERE) is Refusal.NOT_ONES_OWN
    assert approval.approve(asked, colleague, HERE) is Refusal.ONESELF
    assert carry_out(asked, desk) is Refusal.NOT_READY
    assert approval.approve(asked, second, HERE) is None
    assert carry_out(asked, second) is Refusal.NOT_ONES_OWN
    assert carry_out(asked, desk) is Outcome.DONE


def test_page_tells_why_nobody_approves_for_themselves_and_that_the_caller_is_unchecked(
    desk: User, colleague: User
) -> None:
    asked_by(desk, colleague, Kind.BRIDGE_CODE)
    page = shown(signed_in(colleague), APPROVALS)
    assert "Dit gaat over je eigen account" in page
    assert "De beller is nog niet gecontroleerd." in page
    check_caller(colleague, desk)
    assert "nog niet gecontroleerd" not in shown(signed_in(desk), APPROVALS)


def test_second_worker_must_be_allowed_to_help_this_person(desk: User, second: User) -> None:
    boss, other_boss = UserFactory(superuser=True), UserFactory(superuser=True, with_totp=True)
    asked = asked_by(boss, other_boss)
    assert approval.approve(asked, second, HERE) is Refusal.OUTRANKED
    assert approval.approve(asked, UserFactory(staff=True), HERE) is Refusal.NOT_ALLOWED
    assert not AuditEntry.objects.filter(event="intervention_approved", succeeded=True).exists()


def test_after_a_day_without_a_word_it_can_be_done_and_a_day_later_no_more(desk: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    for wait, outcome in ((DAY - timedelta(seconds=5), Refusal.NOT_READY), (2 * DAY, Refusal.NOT_READY)):
        with time_machine.travel(timezone.now() + wait):
            assert carry_out(asked, desk) is outcome
    with time_machine.travel(timezone.now() + DAY + timedelta(seconds=5)):
        assert carry_out(asked, desk) is Outcome.DONE
        assert carry_out(asked, desk) is Refusal.NOT_READY


def test_approval_holds_for_a_day(desk: User, second: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    approval.approve(asked, second, HERE)
    with time_machine.travel(timezone.now() + DAY + timedelta(seconds=5)):
        assert carry_out(asked, desk) is Refusal.NOT_READY
        assert not approval.open_for(desk).exists()
    assert not is_reset(colleague)


def test_mail_cancels_without_signing_in_with_a_button(desk: User, second: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    body = mails()[-1].body
    assert mails()[-1].to == [colleague.email]
    assert asked.receipt in body
    assert WHY in body
    assert "Oud apparaat loskoppelen" in body
    link = cancel_link()
    stranger = browser()
    assert asked.receipt in shown(stranger, link)
    asked.refresh_from_db()
    assert asked.state == State.WAITING, "a mail scanner that follows the link changes nothing"
    assert "Het is geannuleerd." in shown(stranger, link, {"answer": "do"})
    assert approval.approve(asked, second, HERE) is Refusal.NOT_READY
    with time_machine.travel(timezone.now() + DAY + timedelta(minutes=1)):
        assert carry_out(asked, desk) is Refusal.NOT_READY
    assert AuditEntry.objects.filter(event="intervention_cancelled", subject=colleague, actor=colleague).count() == 1


def test_forged_old_and_foreign_links_cancel_nothing(desk: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    link = cancel_link()
    for token in ("abc", "MQ:1abc:xyz", "%00", link.split("/")[2][:-2]):
        assert "al geannuleerd of gebeurd" in shown(
            browser(), f"/hulp-van-support-intrekken/{token}/", {"answer": "do"}
        )
    with time_machine.travel(timezone.now() + 2 * DAY + timedelta(minutes=1)):
        browser().post(link, {"answer": "do"})
    asked.refresh_from_db()
    assert asked.state == State.WAITING


def test_not_me_cancels_what_is_open(desk: User, second: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    approval.approve(asked, second, HERE)
    browser().post(
        re.search(r"https://mijn\.assetmaps\.nl(/dit-was-ik-niet/\S+)", mails()[-1].body)[1], {"answer": "do"}
    )
    asked.refresh_from_db()
    assert asked.state == State.CANCELLED
    assert carry_out(asked, desk) is Refusal.REPORTED


def test_a_worker_takes_it_back(desk: User, second: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    assert "Geannuleerd." in shown(signed_in(second), f"{APPROVALS}{asked.pk}/annuleren/", {})
    assert not approval.open_for(desk).exists()
    assert not is_reset(colleague)


def test_same_worker_does_not_ask_twice(desk: User, colleague: User) -> None:
    asked_by(desk, colleague)
    assert act(Kind.RESET, colleague, desk).outcome is Refusal.ALREADY_ASKED
    assert Intervention.objects.count() == 1


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.BRIDGE_CODE])
def test_page_promises_no_second_worker_where_it_refuses(desk: User, colleague: User, kind: Kind) -> None:
    page, worker = page_of(colleague, kind), signed_in(desk)
    assert "Een collega keurt het eerst goed" in shown(worker, page)
    asked_by(desk, colleague, kind)
    refused = shown(worker, page)
    assert "Je hebt dit al aangevraagd." in refused
    assert "Een collega keurt" not in refused
    assert 'name="reason"' not in refused


def test_code_for_an_account_with_rights_needs_approval_and_the_caller(
    desk: User, second: User, colleague: User
) -> None:
    asked = asked_by(desk, colleague, Kind.BRIDGE_CODE)
    approval.approve(asked, second, HERE)
    assert carry_out(asked, desk) is Refusal.NOT_CHECKED
    assert not BridgeCode.objects.exists()
    check_caller(colleague, desk)
    result = flows.carry_out(Intervention.objects.get(pk=asked.pk), desk, HERE)
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", result.code)


def test_closed_door_waits_for_approval_and_an_ordinary_wait_does_not(desk: User, colleague: User) -> None:
    counter = AttemptCounter.objects.create(
        subject=f"user:{colleague.pk}", kind="code", waits_until=int(timezone.now().timestamp()) + 3000
    )
    assert act(Kind.LIFT_WAIT, colleague, desk).outcome is Outcome.DONE
    AttemptCounter.objects.filter(pk=counter.pk).update(waits_until=0, closed=True)
    asked_by(desk, colleague, Kind.LIFT_WAIT)


def test_ordinary_waits_lifted_one_after_another_do_not_keep_the_door_from_closing(desk: User, colleague: User) -> None:
    owing, outcomes = half_signed_in(colleague), []
    for _ in range(2):
        for _ in range(limits.CODE_FREE_FAILURES):
            type_code(owing, wrong_code_of(colleague))
        outcomes.append(act(Kind.LIFT_WAIT, colleague, desk).outcome)
    assert outcomes == [Outcome.DONE, Outcome.ASKED]


def test_sessions_of_an_account_with_rights_end_at_once(desk: User, colleague: User) -> None:
    assert act(Kind.END_SESSIONS, colleague, desk).outcome is Outcome.DONE


def test_of_parallel_approvals_and_carryings_out_exactly_one_counts(desk: User, second: User, colleague: User) -> None:
    asked = asked_by(desk, colleague)
    third = UserFactory(in_support=True)
    answers = at_once([partial(approval.approve, asked, who, HERE) for who in (second, third) * 3])
    assert answers.count(None) == 1
    assert AuditEntry.objects.filter(event="intervention_approved", succeeded=True).count() == 1
    assert at_once([partial(carry_out, asked, desk)] * 6).count(Outcome.DONE) == 1
    assert AuditEntry.objects.filter(event="second_step_reset").count() == 1


def test_of_a_cancel_and_a_carrying_out_at_once_exactly_one_counts(desk: User, second: User, colleague: User) -> None:
    for _ in range(5):
        asked = asked_by(desk, colleague, Kind.RESET)
        approval.approve(asked, second, HERE)
        cancelled, outcome = at_once([partial(cancellation.cancel, asked, HERE), partial(carry_out, asked, desk)])
        assert cancelled != (outcome is Outcome.DONE)


def test_two_colleagues_who_help_each_other_at_once_do_not_wait_for_ever(desk: User, second: User) -> None:
    tasks = [partial(act, Kind.END_SESSIONS, second, desk), partial(act, Kind.END_SESSIONS, desk, second)] * 4
    assert {result.outcome for result in at_once(tasks)} == {Outcome.DONE}
