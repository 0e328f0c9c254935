"""Changing the connection to a provider, one part at a time. Every flow locks the organisation's row.

A change of the provider or of the credentials makes an earlier test sign-in void.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import memberships, rank, scope
from accounts.organisations.models import Organisation, SecondStep
from accounts.sso import assurance
from accounts.sso.inspection.reading import Reader, inspect
from accounts.sso.models import Connection, MissingProof, Vouching
from accounts.sso.notices import record_change
from accounts.sso.setup.readiness import Missing, missing

NO_SECRET: dict[str, Any] = {
    "sealed_secret": b"",
    "secret_set_at": None,
    "secret_expires_on": None,
    "warned_days": None,
}
UNTESTED: dict[str, Any] = {"findings": [], "checked_at": None, "tested_at": None}
NO_HISTORY: dict[str, Any] = {"worked_at": None, "failed_at": None, "failure": ""}


class Outcome(Enum):
    DONE = auto()
    UNCHANGED = auto()
    NO_PROVIDER = auto()  # not configured yet
    SWITCHED_ON = auto()  # the provider cannot change while people use it
    NOT_READY = auto()
    DEMANDED = auto()  # the organisation requires the business account
    NOT_A_MEMBER = auto()
    ONE_FACTOR = auto()  # the value names a single factor, so it proves no second one
    UNREADABLE = auto()  # the new key pair cannot be decrypted
    WAIT = auto()


def connection_of(organisation: Organisation) -> Connection | None:
    return Connection.objects.filter(organisation=organisation).select_related("break_glass").first()


def lock(organisation: Organisation) -> tuple[Organisation, Connection | None]:
    """Both, locked and read again. The organisation first, as in a change of its sign-in policy: no deadlock."""
    locked = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    return locked, Connection.objects.select_for_update(no_key=True).filter(organisation=locked).first()


def locked_connection(organisation: Organisation) -> Connection | None:
    """As `connection_of`, locked until the end of the transaction in which a form is compared with it and stored."""
    return lock(organisation)[1]


def record(
    event: Event, organisation: Organisation, actor: User, origin: Origin, detail: dict[str, str | int] | None = None
) -> None:
    record_change(event, organisation, actor=actor, origin=origin, detail=detail)


def store(connection: Connection, **values: Any) -> list[str]:
    """Save the values that differ, and return their names."""
    changed = [name for name, value in values.items() if getattr(connection, name) != value]
    for name, value in values.items():
        setattr(connection, name, value)
    if changed:
        connection.save()
    return changed


@transaction.atomic
def save_provider(organisation: Organisation, issuer: str, client_id: str, *, actor: User, origin: Origin) -> Outcome:
    organisation, connection = lock(organisation)
    connection = connection or Connection(organisation=organisation)
    if (connection.issuer, connection.client_id) == (issuer, client_id):
        return Outcome.UNCHANGED
    if connection.enabled:
        return Outcome.SWITCHED_ON
    # A test sign-in would send the secret to the new provider.
    forgotten = NO_SECRET if connection.sealed_secret and connection.issuer != issuer else {}
    store(connection, issuer=issuer, client_id=client_id, **UNTESTED, **NO_HISTORY, **forgotten)
    record(Event.SSO_CHANGED, organisation, actor, origin, {"issuer": issuer, "client_id": client_id})
    return Outcome.DONE


def may_ask_outside(organisation: Organisation) -> bool:
    """Count a request to a stranger that the set-up pages of this organisation begin; False when there were many."""
    subject = str(organisation.pk)
    return rate_limits.consume("sso-check", subject, limit=limits.SSO_CHECKS, period=limits.SSO_CHECKS_PERIOD)


def check(organisation: Organisation, reader: Reader) -> Outcome:
    """Fetch the discovery document and store the findings. Outside of a transaction: it may take seconds."""
    connection = connection_of(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    if not may_ask_outside(organisation):
        return Outcome.WAIT
    found = [finding.stored() for finding in inspect(reader, connection.issuer, connection.client_proof)]
    same = Connection.objects.filter(pk=connection.pk, issuer=connection.issuer, client_proof=connection.client_proof)
    same.update(findings=found, checked_at=timezone.now())  # not when the provider changed meanwhile
    return Outcome.DONE


def set_second_step(
    organisation: Organisation,
    vouching: Vouching,
    value: str,
    missing_proof: MissingProof,
    *,
    actor: User,
    origin: Origin,
) -> Outcome:
    if assurance.is_single_factor(value):
        return Outcome.ONE_FACTOR
    values = {"vouching": vouching.value, "vouching_value": value, "missing_proof": missing_proof.value}
    return _change(organisation, values, actor, origin)


def set_people(
    organisation: Organisation, make_on_arrival: bool, group_claim: str, *, actor: User, origin: Origin
) -> Outcome:
    return _change(organisation, {"make_on_arrival": make_on_arrival, "group_claim": group_claim}, actor, origin)


@transaction.atomic
def _change(organisation: Organisation, values: dict[str, Any], actor: User, origin: Origin) -> Outcome:
    organisation, connection = lock(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    changed = store(connection, **values)
    if not changed:
        return Outcome.UNCHANGED
    record(Event.SSO_CHANGED, organisation, actor, origin, {name: str(values[name]) for name in changed})
    return Outcome.DONE


@transaction.atomic
def set_emergency_account(organisation: Organisation, person_id: int | None, *, actor: User, origin: Origin) -> Outcome:
    """Choose the break-glass account, whose password works when the business account is required; None for none."""
    organisation, connection = lock(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    # Locked against a parallel deactivation or move.
    list(User.objects.select_for_update(no_key=True).filter(pk=person_id or 0).values_list("pk"))
    person = _emergency_account_candidate(organisation, person_id or 0)
    if person_id and person is None:
        return Outcome.NOT_A_MEMBER
    if person is None and organisation.second_step == SecondStep.BUSINESS_ACCOUNT:
        return Outcome.DEMANDED
    if not store(connection, break_glass=person):
        return Outcome.UNCHANGED
    record(Event.SSO_CHANGED, organisation, actor, origin, {"break_glass": person.email if person else "-"})
    return Outcome.DONE


def emergency_account_candidates(organisation: Organisation) -> list[User]:
    """Who can be the emergency account: active members with a usable password. Nobody above those who choose, because
    the emergency account cannot be deactivated while it is needed. By address; of more than
    `limits.EMERGENCY_ACCOUNTS_OFFERED` the present one, the staff and the first others."""
    connection = connection_of(organisation)
    people = (
        memberships.people_of(organisation)
        .filter(is_active=True)
        .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    )
    people, most = people.order_by("email").select_related("membership"), limits.EMERGENCY_ACCOUNTS_OFFERED
    staff = list(people.filter(is_staff=True)[:most])
    present = list(people.filter(is_staff=False, pk=(connection and connection.break_glass_id) or 0))
    others = people.filter(is_staff=False).exclude(pk__in=[person.pk for person in present])
    some = [*staff, *present, *others[: most - len(staff)]]
    guests = scope.with_access_elsewhere(organisation, [person.pk for person in some])
    own = (person for person in some if person.has_usable_password() and person.pk not in guests)
    return sorted((one for one in own if not rank.outranks_organisation(one)), key=lambda person: person.email)


def _emergency_account_candidate(organisation: Organisation, pk: int) -> User | None:
    """The same for one person, among all of them."""
    person = User.objects.filter(pk=pk, is_active=True, membership__organisation=organisation).first()
    usable = person is not None and person.has_usable_password()
    return person if person is not None and usable and rank.organisation_decides_over(person) else None


@transaction.atomic
def switch_on(organisation: Organisation, *, actor: User, origin: Origin) -> tuple[Outcome, list[Missing]]:
    organisation, connection = lock(organisation)
    lacking = missing(connection)
    if connection is None or lacking:
        return Outcome.NOT_READY, lacking
    if not store(connection, enabled=True):
        return Outcome.UNCHANGED, []
    record(Event.SSO_SWITCHED_ON, organisation, actor, origin)
    return Outcome.DONE, []


@transaction.atomic
def switch_off(organisation: Organisation, *, actor: User, origin: Origin) -> Outcome:
    organisation, connection = lock(organisation)
    if organisation.second_step == SecondStep.BUSINESS_ACCOUNT:
        return Outcome.DEMANDED
    if connection is None or not store(connection, enabled=False):
        return Outcome.UNCHANGED
    record(Event.SSO_SWITCHED_OFF, organisation, actor, origin)
    return Outcome.DONE
