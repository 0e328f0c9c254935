"""The provider ends a session here (OpenID Connect Back-Channel Logout 1.0; ASVS 10.5.5)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import limits
from accounts.active_sessions import flows as sessions
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.sso import connections, identities, once
from accounts.sso.flows import upstream_of
from accounts.sso.models import Connection
from accounts.sso.provider import discovery, http, tokens
from accounts.sso.provider.tokens import LogoutToken
from accounts.sso.reasons import Reason, RefusedError


def end_sessions(connection: Connection, raw: str, origin: Origin) -> Reason | None:
    """End what the logout token names. Returns why it was refused, or None; a session that is gone is no mistake."""
    until = http.deadline()
    try:
        metadata = discovery.of(connection.issuer, until)
        token = tokens.logout_token(raw, metadata, connection.client_id, until)
    except RefusedError as refusal:
        connections.note_failure(connection, refusal.reason, "backchannel_logout", by_anybody=True)
        return refusal.reason
    reason = _end(connection, token, origin)
    if reason:
        connections.note_failure(connection, reason, "backchannel_logout")
    return reason


@transaction.atomic
def _end(connection: Connection, token: LogoutToken, origin: Origin) -> Reason | None:
    # From then on its time of issue is too long ago, whatever end it names.
    until = timezone.now() + limits.SSO_TOKEN_AGE + 2 * limits.SSO_SKEW
    if not once.use("logout", connection.issuer, token.number, until=until):
        return Reason.REPEATED
    for user in sessions.end_upstream(_which(connection, token)):
        record(Event.SSO_SESSION_ENDED, subject=user, origin=origin, organisation=connection.organisation)
    return None


def _which(connection: Connection, token: LogoutToken) -> Q:
    named = Q(upstream=upstream_of(connection, session=token.session)) if token.session else Q()
    if not token.subject:
        return named
    person = _person(connection, token)
    if person is None:
        return Q(pk__in=[])
    nameless = Q(upstream=upstream_of(connection, subject=token.subject))
    return Q(user=person) & ((named | nameless) if token.session else ~Q(upstream=""))


def _person(connection: Connection, token: LogoutToken) -> User | None:
    """Nobody who went to another organisation: their sessions are of another provider."""
    identity = identities.find(connection, token.subject)
    return identity.user if identity and identities.why_not(connection, identity.user) is None else None
