"""The provider's answer, brought by the browser to our redirect URI (OpenID Connect Core section 3.1.2.5).

Nothing here sees an HTTP request or opens a session: `accounts.sign_in` does that with the `CallbackResult`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import rank
from accounts.policy import Vouched
from accounts.sso import assurance, authentication_requests, connections, identities, replay_protection
from accounts.sso.authentication_requests import REAUTHENTICATED, AuthenticationRequest, Purpose, Session
from accounts.sso.models import Connection
from accounts.sso.provider import client, discovery, tokens
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.tokens import IdToken
from accounts.sso.provider_sessions import provider_session_digest
from accounts.sso.refusal_reasons import Reason, RefusedError

AUTH_TIME_REQUIRED = (Purpose.PROVE, Purpose.LINK)


@dataclass(frozen=True)
class CallbackResult:
    """Who signed in at the provider, or why it is refused. ``provider_session``: see `provider_session_digest`."""

    connection: Connection
    authentication_request: AuthenticationRequest | None = None
    reason: Reason | None = None
    user: User | None = None
    vouched: Vouched = Vouched.NOTHING
    provider_session: str = ""
    token: IdToken | None = None


def process(
    connection: Connection,
    answer: Mapping[str, str],
    session: Session,
    origin: Origin,
    *,
    signed_in: User | None = None,
    invited: User | None = None,
) -> CallbackResult:
    """Validate the answer to an authentication request, once, and find whose account it is.

    ``signed_in``: who is signed in here; ``invited``: whose invitation this browser holds.
    """
    pending = _take_request(connection, answer.get("state", ""), session)
    if isinstance(pending, Reason):
        return CallbackResult(connection, reason=pending)
    try:
        token = _exchange_code(connection, pending, answer)
    except RefusedError as refusal:
        return _refused(connection, pending, refusal.reason, origin)
    connections.note_success(connection)
    return _evaluate(connection, pending, token, origin, signed_in=signed_in, invited=invited)


def _take_request(connection: Connection, state: str, session: Session) -> AuthenticationRequest | Reason:
    """The authentication request that is answered, which is used up."""
    pending = authentication_requests.find(session, state, connection)
    if pending is None or not (connection.enabled or pending.purpose is Purpose.TEST):
        connections.note_failure(connection, Reason.NO_TRANSACTION, "answer")
        return Reason.NO_TRANSACTION
    if not replay_protection.use_once("state", pending.state, until=timezone.now() + limits.SSO_TRANSACTION):
        connections.note_failure(connection, Reason.REPEATED, pending.purpose)
        return Reason.REPEATED
    authentication_requests.discard(session, pending)
    return pending


def _exchange_code(connection: Connection, pending: AuthenticationRequest, answer: Mapping[str, str]) -> IdToken:
    if answer.get("error"):
        raise RefusedError(Reason.DENIED if answer["error"] == "access_denied" else Reason.PROVIDER_ERROR)
    if not answer.get("code"):
        raise RefusedError(Reason.NO_CODE)
    us = connections.client_of(connection, with_proof=True, despite_failure=pending.purpose is Purpose.TEST)
    with_retry = partial(discovery.retry_with_fresh_metadata, inquiry=us.inquiry)
    check_issuer = partial(_check_answer_issuer, answer.get("iss"))
    metadata, _checked = with_retry(discovery.metadata_for(us.inquiry), step=check_issuer)
    exchange = partial(client.exchange, us, code=answer["code"], verifier=pending.verifier)
    metadata, exchanged = with_retry(metadata, step=exchange)
    judge = partial(tokens.id_token, exchanged, client_id=us.client_id, nonce=pending.nonce, inquiry=us.inquiry)
    metadata, token = with_retry(metadata, step=judge)
    discovery.mark_proven(metadata)
    _check_auth_time(pending, token.authenticated_at)
    if not identities.is_of_organisation(connection, token.claims):
        raise RefusedError(Reason.ADDRESS_FOREIGN)
    return token


def _check_answer_issuer(issuer: str | None, metadata: Metadata) -> None:
    """The ``iss`` parameter of the answer (RFC 9207), against mix-up of providers. Raises RefusedError."""
    if (issuer is None and metadata.sends_issuer) or (issuer is not None and issuer != metadata.issuer):
        raise RefusedError(Reason.ANSWER_ISSUER)


def _check_auth_time(pending: AuthenticationRequest, authenticated_at: float | None) -> None:
    """After a request for reauthentication of a signed-in person ``auth_time`` is required; elsewhere a provider may
    leave it out, as Entra ID does. Raises RefusedError."""
    skew = limits.SSO_SKEW.total_seconds()
    if authenticated_at is None:
        if pending.purpose in AUTH_TIME_REQUIRED:
            raise RefusedError(Reason.AUTHENTICATION_TIME)
        return
    now = time.time()
    earliest = pending.begun_at if pending.purpose in REAUTHENTICATED else now - limits.SESSION_OVERALL.total_seconds()
    if not earliest - skew <= authenticated_at <= now + skew:
        raise RefusedError(Reason.AUTHENTICATION_TIME)


@transaction.atomic
def _evaluate(
    connection: Connection,
    pending: AuthenticationRequest,
    token: IdToken,
    origin: Origin,
    *,
    signed_in: User | None,
    invited: User | None,
) -> CallbackResult:
    vouched = assurance.established(connection, token.claims)
    provider_session = provider_session_digest(connection, session=token.session, subject=token.subject)
    if pending.purpose is Purpose.TEST:
        return CallbackResult(connection, pending, None, None, vouched, provider_session, token)
    if assurance.must_refuse(connection, vouched):
        return _refused(connection, pending, Reason.NO_SECOND_STEP, origin)
    found = _resolve_user(connection, pending, token, origin, signed_in, invited)
    if isinstance(found, Reason):
        return _refused(connection, pending, found, origin)
    return CallbackResult(connection, pending, None, found, vouched, provider_session, token)


def _resolve_user(
    connection: Connection,
    pending: AuthenticationRequest,
    token: IdToken,
    origin: Origin,
    signed_in: User | None,
    invited: User | None,
) -> User | Reason:
    match pending.purpose:
        case Purpose.INVITED:
            return _link(connection, pending, invited, token, origin, Reason.INVITATION)
        case Purpose.LINK:
            return _link(connection, pending, signed_in, token, origin, Reason.OTHER_PERSON)
        case Purpose.PROVE:
            return _confirm_same_user(connection, pending, signed_in, token)
        case _:
            return identities.find_or_provision(connection, token, origin)


def _link(
    connection: Connection,
    pending: AuthenticationRequest,
    user: User | None,
    token: IdToken,
    origin: Origin,
    otherwise: Reason,
) -> User | Reason:
    """Link the business account to ``user``, who must be the one that began the authentication request."""
    if user is None or user.pk != pending.user:
        return otherwise
    if pending.purpose is Purpose.INVITED and not rank.organisation_decides_over(user):
        return Reason.ONE_FACTOR_AT_MOST  # the first factor is a password: the mailbox may be the organisation's too
    return identities.link(connection, user, token, origin, way=pending.purpose.value)


def _confirm_same_user(
    connection: Connection, pending: AuthenticationRequest, user: User | None, token: IdToken
) -> User | Reason:
    """Reauthentication is by the person who is signed in; a colleague's business account does not count."""
    identity = identities.find(connection, token.subject)
    if user is None or identity is None or not identity.user_id == user.pk == pending.user:
        return Reason.OTHER_PERSON
    return identities.refusal_for(connection, identity.user) or user


def _refused(connection: Connection, pending: AuthenticationRequest, reason: Reason, origin: Origin) -> CallbackResult:
    connections.note_failure(connection, reason, pending.purpose)
    # Aggregated: any visitor can go to the provider and come back with a wrong answer.
    record_aggregated(
        Event.SSO_REFUSED,
        subject=None,
        organisation=connection.organisation,
        origin=origin,
        detail={"cause": reason.value, "purpose": pending.purpose.value},
    )
    return CallbackResult(connection, pending, reason)


@transaction.atomic
def refuse(result: CallbackResult, reason: Reason, origin: Origin) -> CallbackResult:
    """Refuse a valid answer afterwards, for a reason of our own."""
    if result.authentication_request is None:
        return replace(result, reason=reason)
    return _refused(result.connection, result.authentication_request, reason, origin)
