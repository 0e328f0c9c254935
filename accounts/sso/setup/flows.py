"""The agreement with a provider, changed a part at a time. Every flow holds the organisation's row meanwhile.

A change of the provider or of our proof makes the test sign-in of before void: it showed that something else works.
"""

from __future__ import annotations

import logging
from datetime import date
from enum import Enum, auto
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.organisations import rank
from accounts.organisations.models import Organisation, SecondStep
from accounts.sso import assurance
from accounts.sso.inspection.reading import Reader, inspect
from accounts.sso.models import ClientProof, Connection, MissingProof, Vouching
from accounts.sso.notices import record_change
from accounts.sso.setup import key_pairs
from accounts.sso.setup.readiness import Missing, missing

log = logging.getLogger(__name__)

NO_PAIR: dict[str, Any] = {"sealed_private_key": b"", "key_id": "", "certificate": ""}
NO_SECRET: dict[str, Any] = {
    "sealed_secret": b"",
    "secret_set_at": None,
    "secret_expires_on": None,
    "warned_days": None,
}
NO_NEXT_PAIR: dict[str, Any] = {"sealed_next_private_key": b"", "next_key_id": "", "next_certificate": ""}
UNTESTED: dict[str, Any] = {"findings": [], "checked_at": None, "tested_at": None}
NO_HISTORY: dict[str, Any] = {"worked_at": None, "failed_at": None, "failure": ""}


class Outcome(Enum):
    DONE = auto()
    UNCHANGED = auto()
    NO_PROVIDER = auto()  # nothing was filled in yet
    SWITCHED_ON = auto()  # the provider cannot become another one under the feet of its people
    NOT_READY = auto()
    DEMANDED = auto()  # the organisation lets its people in by the business account only
    NOT_A_MEMBER = auto()
    ONE_FACTOR = auto()  # the value says which one factor was used, so it proves no second step
    UNREADABLE = auto()  # our side cannot read the pair that waits
    WAIT = auto()


def connection_of(organisation: Organisation) -> Connection | None:
    return Connection.objects.filter(organisation=organisation).select_related("break_glass").first()


def lock(organisation: Organisation) -> tuple[Organisation, Connection | None]:
    """Both as they are now. The organisation first, as whoever raises its demand does."""
    held = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    return held, Connection.objects.select_for_update(no_key=True).filter(organisation=held).first()


def locked_connection(organisation: Organisation) -> Connection | None:
    """As `connection_of`, locked until the end of the transaction, in which a form is compared with it and stored."""
    return lock(organisation)[1]


def record(
    event: Event, organisation: Organisation, actor: User, origin: Origin, detail: dict[str, str | int] | None = None
) -> None:
    record_change(event, organisation, actor=actor, origin=origin, detail=detail)


def store(connection: Connection, **values: Any) -> list[str]:
    """Store what differs, and name it."""
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
    # The secret is for the provider that gave it: a test sign-in would tell it to whoever is named here now.
    forgotten = NO_SECRET if connection.sealed_secret and connection.issuer != issuer else {}
    store(connection, issuer=issuer, client_id=client_id, **UNTESTED, **NO_HISTORY, **forgotten)
    record(Event.SSO_CHANGED, organisation, actor, origin, {"issuer": issuer, "client_id": client_id})
    return Outcome.DONE


def check(organisation: Organisation, reader: Reader) -> Outcome:
    """Read the provider's document and keep what it shows. Outside of a transaction: it may take seconds."""
    connection = connection_of(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    subject = str(organisation.pk)
    if not rate_limits.spend("sso-check", subject, limit=limits.SSO_CHECKS, period=limits.SSO_CHECKS_PERIOD):
        return Outcome.WAIT
    found = [finding.stored() for finding in inspect(reader, connection.issuer, connection.client_proof)]
    same = Connection.objects.filter(pk=connection.pk, issuer=connection.issuer, client_proof=connection.client_proof)
    same.update(findings=found, checked_at=timezone.now())  # of another provider meanwhile these say nothing
    return Outcome.DONE


@transaction.atomic
def set_secret(
    organisation: Organisation, secret: str, expires: date | None, *, actor: User, origin: Origin
) -> Outcome:
    """Take a secret into use in the place of the earlier one, or of a key pair. It is never shown again."""
    organisation, connection = lock(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    connection.set_secret(secret)
    store(connection, client_proof=ClientProof.SECRET, secret_expires_on=expires, **_renewed(), **NO_PAIR)
    record(Event.SSO_SECRET_SET, organisation, actor, origin, {"expires_on": expires.isoformat() if expires else "-"})
    return Outcome.DONE


def _renewed() -> dict[str, Any]:
    return UNTESTED | {"secret_set_at": timezone.now(), "warned_days": None}


@transaction.atomic
def make_key_pair(organisation: Organisation, kind: key_pairs.Kind, *, actor: User, origin: Origin) -> Outcome:
    """A pair that waits until the provider knows its public half; what is in use stays in use."""
    organisation, connection = lock(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    pair = key_pairs.make(kind, f"Mijn Assetmaps {organisation.slug}")
    connection.set_next_private_key(pair.private_key)
    store(connection, next_key_id=pair.key_id, next_certificate=pair.certificate)
    record(Event.SSO_KEY_PAIR_MADE, organisation, actor, origin, {"key_id": pair.key_id, "kind": kind.value})
    return Outcome.DONE


@transaction.atomic
def use_key_pair(organisation: Organisation, key_id: str, *, actor: User, origin: Origin) -> Outcome:
    """Take the waiting pair into use. ``key_id``: the one on the page, so that a page of before takes no other."""
    organisation, connection = lock(organisation)
    if connection is None or not key_id or connection.next_key_id != key_id:
        return Outcome.NOT_READY
    try:
        connection.next_private_key()
    except SecretUnreadableError as mistake:
        log.error("the key pair %s of %s cannot be read: %s", key_id, organisation.slug, mistake)
        return Outcome.UNREADABLE
    store(
        connection,
        client_proof=ClientProof.KEY_PAIR,
        sealed_secret=b"",
        sealed_private_key=bytes(connection.sealed_next_private_key),
        key_id=connection.next_key_id,
        certificate=connection.next_certificate,
        secret_expires_on=key_pairs.expires_on(connection.next_certificate),
        **_renewed(),
        **NO_NEXT_PAIR,
    )
    record(Event.SSO_KEY_PAIR_USED, organisation, actor, origin, {"key_id": key_id})
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
    """Name the account whose password goes on working when the business account is demanded; None: no account."""
    organisation, connection = lock(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    # Locked: who is deactivated or moved at this moment is no candidate any more.
    list(User.objects.select_for_update(no_key=True).filter(pk=person_id or 0).values_list("pk"))
    person = next((one for one in emergency_account_candidates(organisation) if one.pk == person_id), None)
    if person_id and person is None:
        return Outcome.NOT_A_MEMBER
    if person is None and organisation.second_step == SecondStep.BUSINESS_ACCOUNT:
        return Outcome.DEMANDED
    if not store(connection, break_glass=person):
        return Outcome.UNCHANGED
    record(Event.SSO_CHANGED, organisation, actor, origin, {"break_glass": person.email if person else "-"})
    return Outcome.DONE


def emergency_account_candidates(organisation: Organisation) -> list[User]:
    """Who can be the emergency account: active people of the organisation with a password of their own. Nobody above
    those who choose: the emergency account cannot be deactivated while it is needed."""
    people = User.objects.filter(is_active=True, membership__organisation=organisation).order_by("email")
    own = [person for person in people.select_related("membership") if person.has_usable_password()]
    return [person for person in own if rank.organisation_decides_over(person)]


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
