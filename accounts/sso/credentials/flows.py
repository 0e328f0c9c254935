"""How the portal authenticates to the provider: a client secret, or a key pair of our own (private_key_jwt).

A change makes an earlier test sign-in void. Every flow locks the organisation's row, see `setup.flows.lock`.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.credentials import key_pairs
from accounts.sso.models import ClientProof
from accounts.sso.setup import flows
from accounts.sso.setup.flows import Outcome

log = logging.getLogger(__name__)

NO_PAIR: dict[str, Any] = {"sealed_private_key": b"", "key_id": "", "certificate": ""}
NO_NEXT_PAIR: dict[str, Any] = {"sealed_next_private_key": b"", "next_key_id": "", "next_certificate": ""}


@transaction.atomic
def set_secret(
    organisation: Organisation, secret: str, expires: date | None, *, actor: User, origin: Origin
) -> Outcome:
    """Use this secret instead of the earlier one, or of a key pair. It is never shown again."""
    organisation, connection = flows.lock(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    connection.set_secret(secret)
    flows.store(connection, client_proof=ClientProof.SECRET, secret_expires_on=expires, **_renewed(), **NO_PAIR)
    flows.record(
        Event.SSO_SECRET_SET, organisation, actor, origin, {"expires_on": expires.isoformat() if expires else "-"}
    )
    return Outcome.DONE


def _renewed() -> dict[str, Any]:
    return flows.UNTESTED | {"secret_set_at": timezone.now(), "warned_days": None}


@transaction.atomic
def make_key_pair(organisation: Organisation, kind: key_pairs.Kind, *, actor: User, origin: Origin) -> Outcome:
    """Make a pair for later use, once the provider knows its public key; the present credentials stay in use."""
    organisation, connection = flows.lock(organisation)
    if connection is None:
        return Outcome.NO_PROVIDER
    pair = key_pairs.make(kind, f"Mijn Assetmaps {organisation.slug}")
    connection.set_next_private_key(pair.private_key)
    flows.store(connection, next_key_id=pair.key_id, next_certificate=pair.certificate)
    flows.record(Event.SSO_KEY_PAIR_MADE, organisation, actor, origin, {"key_id": pair.key_id, "kind": kind.value})
    return Outcome.DONE


@transaction.atomic
def use_key_pair(organisation: Organisation, key_id: str, *, actor: User, origin: Origin) -> Outcome:
    """Use the new pair. ``key_id``: the one shown on the page, so that an outdated page uses no other."""
    organisation, connection = flows.lock(organisation)
    if connection is None or not key_id or connection.next_key_id != key_id:
        return Outcome.NOT_READY
    try:
        connection.next_private_key()
    except SecretUnreadableError as mistake:
        log.error("the key pair %s of %s cannot be read: %s", key_id, organisation.slug, mistake)
        return Outcome.UNREADABLE
    flows.store(
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
    flows.record(Event.SSO_KEY_PAIR_USED, organisation, actor, origin, {"key_id": key_id})
    return Outcome.DONE
