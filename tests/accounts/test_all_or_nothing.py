"""A flow of the security core does all of its work or none of it, whichever SQL statement fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import signing
from django.core.cache import cache
from django.db import connection as database
from django.http import HttpRequest
from django.utils import timezone

from accounts import flows as people
from accounts.active_sessions import flows as sessions
from accounts.active_sessions.models import Session
from accounts.audit.origin import Origin
from accounts.email_address import flows as addresses
from accounts.email_address import links as address_links
from accounts.language import flows as language
from accounts.mfa_policy.requirement import flows as requirement
from accounts.models import User
from accounts.organisations import flows as organisations
from accounts.organisations.models import Organisation, SecondStep
from accounts.passwords import flows as passwords
from accounts.passwords import links as password_links
from accounts.passwords.links import Purpose
from accounts.permissions import flows as permissions
from accounts.sso.credentials import expiry
from accounts.sso.domains import flows as domains
from accounts.sso.models import Connection, MailDomain
from accounts.sso.setup import flows as setup
from accounts.support import cancellation, help_requests
from accounts.support.caller_check import flows as caller_check
from accounts.support.interventions import approval
from accounts.support.interventions import flows as interventions
from accounts.support.interventions.flows import InterventionRequest
from accounts.support.models import Intervention, Kind
from accounts.throttling.known_browsers import UNKNOWN_BROWSER
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.authenticators import flows as authenticators
from accounts.two_factor.challenge import flows as challenge
from accounts.two_factor.models import Authenticator, BridgeCode, Passkey
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.passkeys import registration
from accounts.two_factor.passkeys.ceremonies import Purpose as Asked
from accounts.two_factor.recovery_codes import flows as recovery_codes
from accounts.two_factor.totp import flows as totp
from tests.codes import code_of, phone, wrong_code_of
from tests.conftest import mails
from tests.database_cleanup import rows
from tests.factories import AuthenticatorFactory, OrganisationFactory, UserFactory
from tests.pages import signed_in
from tests.passkeys_client import HONEST, Device, Twist

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Origin("192.0.2.7", "Testbrowser")
PAGE = "binding of the page"
NEW_PASSWORD = "een heel andere lange zin"
WRITES = ("INSERT", "UPDATE", "DELETE")
Flow = Callable[[], object]


class DatabaseGoneError(Exception):
    """Not a DatabaseError, which a flow may catch."""


def fail_at(number: int) -> Callable[..., Any]:
    """Executes the writing statements before this one, and fails instead of it."""
    writes = count(1)

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith(WRITES) and next(writes) == number:
            raise DatabaseGoneError(sql)
        return run(sql, params, many, context)

    return execute


def fails(flow: Flow, number: int) -> bool:
    """Run it with a failure at this writing statement; False when it has fewer, and so succeeds."""
    cache.clear()  # rate limits count attempts in the cache, also those that fail
    try:
        with database.execute_wrapper(fail_at(number)):
            flow()
    except DatabaseGoneError:
        return True
    return False


def again(user: User) -> User:
    """As a request reads the person: some flows change the object they are given."""
    return User.objects.get(pk=user.pk)


def with_two_apps() -> tuple[User, Authenticator]:
    person = UserFactory(with_totp=True)
    return person, AuthenticatorFactory(user=person, name="Tweede")


def switch_off() -> Flow:
    person, device = with_two_apps()
    recovery_codes.make(person, HERE)
    code = phone(device).now()
    return lambda: authenticators.switch_off(person, device, code, HERE, UNKNOWN_BROWSER)


def remove_authenticator() -> Flow:
    person, device = with_two_apps()
    return lambda: authenticators.remove(person, device, HERE)


def rename_authenticator() -> Flow:
    person, device = with_two_apps()
    return lambda: authenticators.rename(person, device, "Werk", HERE)


def replace_authenticator_after_a_reset() -> Flow:
    person, _device = with_two_apps()
    recovery_codes.make(person, HERE)
    account_recovery.begin(person)
    code = phone(AuthenticatorFactory(user=person, confirmed=False)).now()
    return lambda: totp.activate(person, code, "Nieuw", HERE, all_lost=True)


def begin_set_up_anew() -> Flow:
    person = UserFactory()
    AuthenticatorFactory(user=person, confirmed=False, begun_in="elders")
    return lambda: totp.begin(person)


def purge_set_ups() -> Flow:
    old = AuthenticatorFactory(user=UserFactory(), confirmed=False)
    Authenticator.objects.filter(pk=old.pk).update(created_at=timezone.now().replace(year=2020))
    return devices.purge_set_ups


def make_recovery_codes() -> Flow:
    person = UserFactory(with_totp=True)
    recovery_codes.make(person, HERE)
    return lambda: recovery_codes.make(person, HERE)


def use_recovery_code() -> Flow:
    person = UserFactory(with_totp=True)
    code = recovery_codes.make(person, HERE)[0]
    return lambda: recovery_codes.use(person, code, HERE, UNKNOWN_BROWSER, lambda _answer: _sign_in(person))


def _sign_in(person: User) -> None:
    """What a view does with a proof that was accepted; here one writing statement."""
    User.objects.filter(pk=person.pk).update(last_login=timezone.now())


def accept_code() -> Flow:
    person = UserFactory(with_totp=True)
    challenge.verify(person, None, wrong_code_of(person), HERE, UNKNOWN_BROWSER)
    code = code_of(person)
    return lambda: challenge.verify(person, None, code, HERE, UNKNOWN_BROWSER, lambda _answer: _sign_in(person))


def refuse_code() -> Flow:
    person = UserFactory(with_totp=True)
    wrong = wrong_code_of(person)
    return lambda: challenge.verify(person, None, wrong, HERE, UNKNOWN_BROWSER)


def add_passkey(*, all_lost: bool = False) -> Flow:
    person = UserFactory(with_totp=True)
    recovery_codes.make(person, HERE)
    if all_lost:
        account_recovery.begin(person)
    asked = registration.question_for(person, PAGE)
    made = json.dumps(Device().create(asked.options))
    return lambda: registration.add(
        person,
        asked.token,
        made,
        binding=PAGE,
        origin=HERE,
        all_lost=all_lost,
        on_added=lambda _added: _sign_in(person),
    )


def with_passkey(*, counts: bool = False) -> tuple[User, Device]:
    person, device = UserFactory(with_totp=True), Device(counts=counts)
    asked = registration.question_for(person, PAGE)
    made = json.dumps(device.create(asked.options))
    assert registration.add(person, asked.token, made, binding=PAGE, origin=HERE).is_accepted
    return person, device


def show_passkey(purpose: Asked, twist: Twist = HONEST) -> Flow:
    person, device = with_passkey(counts=True)
    whose = None if purpose is Asked.SIGN_IN else person
    if twist is not HONEST:
        Passkey.objects.update(sign_count=9)
    asked = passkeys.question_for(whose, purpose, PAGE)
    shown = json.dumps(device.get(asked.options, twist))
    where = {"purpose": purpose, "binding": PAGE, "origin": HERE, "browsers": UNKNOWN_BROWSER}
    return lambda: passkeys.verify(whose, asked.token, shown, **where, on_accepted=lambda _answer: _sign_in(person))


def switch_off_by_passkey() -> Flow:
    person, device = with_passkey()
    recovery_codes.make(person, HERE)
    asked = passkeys.question_for(person, Asked.PROOF, PAGE)
    shown = json.dumps(device.get(asked.options))
    return lambda: authenticators.switch_off_by_passkey(
        person, asked.token, shown, binding=PAGE, origin=HERE, browsers=UNKNOWN_BROWSER
    )


def remove_passkey() -> Flow:
    person, _device = with_passkey()
    return lambda: passkeys.remove(person, Passkey.objects.get(), HERE)


def rename_passkey() -> Flow:
    person, _device = with_passkey()
    return lambda: passkeys.rename(person, Passkey.objects.get(), "Werk", HERE)


def use_bridge_code() -> Flow:
    person = UserFactory()
    code = account_recovery.issue_bridge_code(person)
    return lambda: account_recovery.use_bridge_code(person, code, HERE, lambda: _sign_in(person))


def refuse_bridge_code() -> Flow:
    person = UserFactory()
    code = account_recovery.issue_bridge_code(person)
    BridgeCode.objects.update(digest="x")
    return lambda: account_recovery.use_bridge_code(person, code, HERE)


def begin_recovery() -> Flow:
    person = UserFactory()
    account_recovery.issue_bridge_code(person)
    return lambda: account_recovery.begin(person)


def use_recovery_link() -> Flow:
    person = UserFactory()
    token = account_recovery.begin(person).rstrip("/").rpartition("/")[2]
    return lambda: account_recovery.use_link(token, person, lambda: _sign_in(person))


def send_recovery_link() -> Flow:
    person = UserFactory()
    account_recovery.begin(person)
    return lambda: account_recovery.send_link(person, HERE)


def set_password_from_link() -> Flow:
    person = UserFactory()
    token = password_links.make(person, Purpose.RESET)
    return lambda: passwords.set_from_link(token, NEW_PASSWORD, HERE)


def change_password() -> Flow:
    person = UserFactory()
    return lambda: passwords.change(again(person), NEW_PASSWORD, HERE)


def set_password_on_server() -> Flow:
    person = UserFactory()
    return lambda: passwords.set_on_server(again(person), NEW_PASSWORD, HERE)


def invite() -> Flow:
    person = UserFactory()
    return lambda: passwords.invite(again(person), actor=None, origin=HERE)


def confirm_address() -> Flow:
    person = UserFactory()
    token = address_links.make(person, "nieuw@voorbeeld.nl")
    return lambda: addresses.confirm(person, token, HERE)


def in_one_of_two_browsers() -> tuple[HttpRequest, User]:
    person, request = UserFactory(), HttpRequest()
    request.session = signed_in(person).session
    request.session.load()
    signed_in(person)
    return request, person


def end_session() -> Flow:
    request, person = in_one_of_two_browsers()
    other = Session.objects.filter(user=person).exclude(digest=request.session.row.digest).get()
    return lambda: sessions.end_one(request, person, other.digest, HERE)


def end_other_sessions() -> Flow:
    request, person = in_one_of_two_browsers()
    return lambda: sessions.end_others_on_request(request, person, HERE)


def change_language() -> Flow:
    person = UserFactory()
    return lambda: language.change(person, "en", HERE)


def change_own_details() -> Flow:
    person = UserFactory()

    def change() -> None:
        user = again(person)
        user.first_name = "Ander"
        people.change_details(user, ["first_name"], HERE)

    return change


def deactivate_person() -> Flow:
    person, boss = UserFactory(), UserFactory(superuser=True)

    def change() -> None:
        user = again(person)
        user.is_active, user.email = False, "ander@voorbeeld.nl"
        people.change_person(user, before=again(person), actor=boss, origin=HERE)

    return change


def intervene(kind: Kind) -> Callable[[], Flow]:
    def prepare() -> Flow:
        person = UserFactory(with_totp=True)
        recovery_codes.make(person, HERE)
        challenge.verify(person, None, wrong_code_of(person), HERE, UNKNOWN_BROWSER)
        return lambda: interventions.act(InterventionRequest(kind, person, None, "telefoon weg"), HERE)

    return prepare


def waiting() -> tuple[Intervention, User, User]:
    """A reset of a colleague that waits for a second worker, who asked it, and that second one."""
    workers = [UserFactory(in_support=True, with_totp=True) for _ in range(3)]
    asked = interventions.act(InterventionRequest(Kind.RESET, workers[2], workers[0], "telefoon weg"), HERE)
    assert asked.intervention
    return asked.intervention, workers[0], workers[1]


def ask_intervention() -> Flow:
    worker, colleague = (UserFactory(in_support=True, with_totp=True) for _ in range(2))
    return lambda: interventions.act(InterventionRequest(Kind.RESET, colleague, worker, "telefoon weg"), HERE)


def approve_intervention() -> Flow:
    asked, _worker, second = waiting()
    return lambda: approval.approve(asked, second, HERE)


def cancel_intervention() -> Flow:
    asked, worker, _second = waiting()
    return lambda: approval.cancel(asked, worker, HERE)


def cancel_everything() -> Flow:
    asked, _worker, _second = waiting()
    help_requests.ask(asked.subject, HERE)
    return lambda: cancellation.cancel_everything(asked.subject, HERE)


def send_caller_check() -> Flow:
    person, worker = UserFactory(), UserFactory(in_support=True, with_totp=True)
    return lambda: caller_check.send(person, worker, HERE)


def refuse_caller() -> Flow:
    person, worker = UserFactory(), UserFactory(in_support=True, with_totp=True)
    caller_check.send(person, worker, HERE)
    return lambda: caller_check.answer(person, worker, "iets anders", HERE)


def ask_help() -> Flow:
    person = UserFactory()
    return lambda: help_requests.ask(person, HERE)


def cancel_help() -> Flow:
    asked, _worker, _second = waiting()
    token = signing.dumps(help_requests.ask(asked.subject, HERE).pk, salt=help_requests.SALT)
    return lambda: help_requests.cancel(token, HERE)


def add_organisation() -> Flow:
    boss = UserFactory(superuser=True)
    return lambda: organisations.add(Organisation(name="Nieuw", slug="nieuw"), actor=boss, origin=HERE)


def change_organisation() -> Flow:
    boss, made = UserFactory(superuser=True), OrganisationFactory()

    def change() -> None:
        organisation = Organisation.objects.get(pk=made.pk)
        organisation.name, organisation.slug = "Anders", "anders"
        organisations.change(organisation, actor=boss, origin=HERE)

    return change


def delete_organisation() -> Flow:
    boss, made = UserFactory(superuser=True), OrganisationFactory()
    return lambda: organisations.delete(Organisation.objects.get(pk=made.pk), actor=boss, origin=HERE)


def change_requirement() -> Flow:
    boss, organisation = UserFactory(superuser=True), OrganisationFactory()
    choice = requirement.Choice(SecondStep.REQUIRED, timezone.localdate())
    shown = requirement.dry_run(organisation, choice).shown
    return lambda: requirement.change(organisation, choice, shown=shown, actor=boss, origin=HERE)


def delete_group() -> Flow:
    boss, group = UserFactory(superuser=True), Group.objects.create(name="Tijdelijk")
    UserFactory().groups.add(group)
    return lambda: permissions.delete_group(Group.objects.get(pk=group.pk), actor=boss, origin=HERE)


def connected() -> tuple[User, Connection]:
    made = Connection(organisation=OrganisationFactory(), issuer="https://aanbieder.nl", client_id="x", enabled=True)
    made.set_secret("geheim")
    made.secret_expires_on = timezone.localdate()
    made.save()
    return UserFactory(superuser=True), made


def save_provider() -> Flow:
    boss, organisation = UserFactory(superuser=True), OrganisationFactory()
    return lambda: setup.save_provider(organisation, "https://ander.nl", "y", actor=boss, origin=HERE)


def switch_single_sign_on_off() -> Flow:
    boss, connection = connected()
    return lambda: setup.switch_off(connection.organisation, actor=boss, origin=HERE)


def switch_single_sign_on_on() -> Flow:
    boss, connection = connected()
    ready = {"findings": [["reached", ""]], "tested_at": timezone.now(), "secret_expires_on": None}
    Connection.objects.update(enabled=False, **ready)
    return lambda: setup.switch_on(connection.organisation, actor=boss, origin=HERE)


def choose_emergency_account() -> Flow:
    boss, connection = connected()
    member = UserFactory(organisation=connection.organisation)
    return lambda: setup.set_emergency_account(connection.organisation, member.pk, actor=boss, origin=HERE)


def warn_of_expiry() -> Flow:
    connected()
    return lambda: expiry.warn(HERE)


def add_domain() -> Flow:
    boss, organisation = UserFactory(superuser=True), OrganisationFactory()
    return lambda: domains.add(organisation, "voorbeeld.nl", actor=boss, origin=HERE)


def listed() -> tuple[User, MailDomain]:
    organisation = OrganisationFactory()
    return UserFactory(superuser=True), MailDomain.objects.create(
        organisation=organisation, domain="voorbeeld.nl", token="x"
    )


def prove_domain() -> Flow:
    boss, domain = listed()
    return lambda: domains.prove_with_reason(domain, "gebeld", actor=boss, origin=HERE)


def remove_domain() -> Flow:
    boss, domain = listed()
    return lambda: domains.remove(domain, actor=boss, origin=HERE)


FLOWS = {
    prepare.__name__: prepare
    for prepare in (
        *(switch_off, remove_authenticator, rename_authenticator, replace_authenticator_after_a_reset),
        *(begin_set_up_anew, purge_set_ups, make_recovery_codes, use_recovery_code, accept_code, refuse_code),
        *(use_bridge_code, refuse_bridge_code, begin_recovery, use_recovery_link, send_recovery_link),
        *(set_password_from_link, change_password, set_password_on_server, invite, confirm_address),
        *(end_session, end_other_sessions),
        *(change_language, change_own_details, deactivate_person, ask_intervention, approve_intervention),
        *(cancel_intervention, cancel_everything, send_caller_check, refuse_caller, ask_help, cancel_help),
        *(add_organisation, change_organisation, delete_organisation, change_requirement, delete_group),
        *(save_provider, switch_single_sign_on_on, switch_single_sign_on_off, choose_emergency_account, warn_of_expiry),
        *(add_domain, prove_domain, remove_domain),
        *(add_passkey, switch_off_by_passkey, remove_passkey, rename_passkey),
    )
} | {f"intervene_{kind.value}": intervene(kind) for kind in (Kind.LIFT_WAIT, Kind.END_SESSIONS, Kind.RESET)}
FLOWS |= {
    "add_passkey_after_a_reset": partial(add_passkey, all_lost=True),
    "sign_in_by_passkey": partial(show_passkey, Asked.SIGN_IN),
    "refuse_passkey": partial(show_passkey, Asked.SIGN_IN, Twist(counter=0)),
    "refuse_copied_passkey": partial(show_passkey, Asked.SECOND_FACTOR, Twist(counter=5)),
}


@pytest.mark.parametrize("prepare", FLOWS.values(), ids=FLOWS)
def test_flow_that_fails_at_any_statement_leaves_everything_as_it_was(prepare: Callable[[], Flow]) -> None:
    flow = prepare()
    sent = len(mails())
    before = rows()
    number = 1
    while fails(flow, number):
        assert rows() == before, f"it failed at writing statement {number}"
        assert len(mails()) == sent
        number += 1
    assert number > 2, "it writes in one statement, which needs no transaction"
    assert rows() != before
