"""Logout on request of the provider (OpenID Connect Back-Channel Logout 1.0; ASVS 10.5.5)."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.active_sessions import flows as sessions
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.sso import connections, identities, replay_protection
from accounts.sso.models import Connection
from accounts.sso.provider import discovery, http, metadata_cache, tokens
from accounts.sso.provider.tokens import LogoutToken
from accounts.sso.provider_sessions import provider_session_digest
from accounts.sso.refusal_reasons import Reason, RefusedError

PER_NETWORK, PER_ORGANISATION = "sso-logout-from", "sso-logout-of"  # rate limits
KNOWN_NETWORK, LIMIT_NOTED = "logout-network", "logout-too-often"  # in the cache


def end_sessions(connection: Connection, raw: str, origin: Origin) -> Reason | None:
    """End the sessions that the logout token names. Returns why it is refused, or None; no session is no error.

    Anybody can post here, so refused tokens are counted by network; valid ones are not, so that a stranger cannot use
    up what the provider needs.
    """
    network = rate_limits.network_of(origin.address)
    if not _spend(connection, origin):
        subject = f"{connection.pk} {network}"
        if metadata_cache.is_first_in_period(LIMIT_NOTED, subject, period=limits.SSO_LOGOUT_PERIOD):
            connections.note_failure(connection, Reason.TOO_OFTEN, "backchannel_logout", by_anybody=True)
        return Reason.TOO_OFTEN
    try:
        token = _verified_token(connection, raw, network, few_refused=_spend_of_organisation(connection))
    except RefusedError as refusal:
        connections.note_failure(connection, refusal.reason, "backchannel_logout", by_anybody=True)
        return refusal.reason
    reason = _end_sessions(connection, token, origin)
    if reason:
        connections.note_failure(connection, reason, "backchannel_logout")
        return reason
    _note_valid_token(connection, network, origin)
    return None


def _spend(connection: Connection, origin: Origin) -> bool:
    limit, period = limits.SSO_LOGOUT_NETWORK, limits.SSO_LOGOUT_PERIOD
    return rate_limits.consume_by_network(
        PER_NETWORK, origin.address, via=origin.via, limit=limit, period=period, window=str(connection.pk)
    )


def _spend_of_organisation(connection: Connection) -> bool:
    limit, period = limits.SSO_LOGOUT_ORGANISATION, limits.SSO_LOGOUT_PERIOD
    return rate_limits.consume(PER_ORGANISATION, str(connection.pk), limit=limit, period=period)


def _verified_token(connection: Connection, raw: str, network: str, *, few_refused: bool) -> LogoutToken:
    """Raises RefusedError. ``few_refused``: the provider may be asked on behalf of unknown networks too."""
    tokens.precheck_logout_token(raw, connection.issuer, connection.client_id)
    is_known = metadata_cache.get(KNOWN_NETWORK, connection.issuer, network) is not None
    refresh_key = f"logout {network}" if is_known else "logout"  # unknown networks share one allowance of refreshes
    inquiry = http.inquiry(connection.issuer, refresh_key=refresh_key, may_ask=few_refused or is_known)
    judge = partial(tokens.logout_token, raw, client_id=connection.client_id, inquiry=inquiry)
    return discovery.retry_with_fresh_metadata(discovery.metadata_for(inquiry), inquiry, judge)[1]


def _note_valid_token(connection: Connection, network: str, origin: Origin) -> None:
    rate_limits.refund_by_network(PER_NETWORK, origin.address, via=origin.via, window=str(connection.pk))
    rate_limits.refund(PER_ORGANISATION, str(connection.pk))
    if network:  # without an address, a valid token shows nothing about other visitors
        value, period = {"known": True}, limits.SSO_LOGOUT_KNOWN
        metadata_cache.put(KNOWN_NETWORK, connection.issuer, network, value=value, period=period)


@transaction.atomic
def _end_sessions(connection: Connection, token: LogoutToken, origin: Origin) -> Reason | None:
    # After that the token is refused for its age, whatever expiry it names.
    until = timezone.now() + limits.SSO_TOKEN_AGE + 2 * limits.SSO_SKEW
    if not replay_protection.use_once("logout", connection.issuer, token.jti, until=until):
        return Reason.REPEATED
    for user in sessions.end_provider_sessions(_sessions_named_by(connection, token)):
        record(Event.SSO_SESSION_ENDED, subject=user, origin=origin, organisation=connection.organisation)
    return None


def _sessions_named_by(connection: Connection, token: LogoutToken) -> Q:
    by_session = Q(upstream=provider_session_digest(connection, session=token.session)) if token.session else Q()
    if not token.subject:
        return by_session
    person = _user_named_by(connection, token)
    if person is None:
        return Q(pk__in=[])
    by_subject = Q(upstream=provider_session_digest(connection, subject=token.subject))
    return Q(user=person) & ((by_session | by_subject) if token.session else ~Q(upstream=""))


def _user_named_by(connection: Connection, token: LogoutToken) -> User | None:
    """None for somebody who moved to another organisation: their sessions belong to another provider."""
    identity = identities.find(connection, token.subject)
    return identity.user if identity and identities.refusal_for(connection, identity.user) is None else None
