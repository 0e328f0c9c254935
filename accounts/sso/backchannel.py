"""The provider ends a session here (OpenID Connect Back-Channel Logout 1.0; ASVS 10.5.5)."""

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
from accounts.sso.flows import upstream_of
from accounts.sso.models import Connection
from accounts.sso.provider import discovery, http, metadata_cache, tokens
from accounts.sso.provider.tokens import LogoutToken
from accounts.sso.refusal_reasons import Reason, RefusedError

OF_NETWORK, OF_ORGANISATION, KNOWN, TOLD = "sso-logout-from", "sso-logout-of", "logout-network", "logout-too-often"


def end_sessions(connection: Connection, raw: str, origin: Origin) -> Reason | None:
    """End what the logout token names. Returns why it was refused, or None; a session that is gone is no mistake.

    Anybody can post here, so refusals are counted, by network; right tokens are not, so that a stranger cannot use up
    what the provider needs.
    """
    network = rate_limits.network_of(origin.address)
    subject = f"{connection.pk} {network}"
    period = limits.SSO_LOGOUT_PERIOD
    limit, where = limits.SSO_LOGOUT_NETWORK, origin.address
    window = str(connection.pk)
    if not rate_limits.spend_by_network(OF_NETWORK, where, via=origin.via, limit=limit, period=period, window=window):
        if metadata_cache.is_first_in_a_while(TOLD, subject, period=period):
            connections.note_failure(connection, Reason.TOO_OFTEN, "backchannel_logout", by_anybody=True)
        return Reason.TOO_OFTEN
    few = rate_limits.spend(OF_ORGANISATION, str(connection.pk), limit=limits.SSO_LOGOUT_ORGANISATION, period=period)
    try:
        token = _read(connection, raw, network, few=few)
    except RefusedError as refusal:
        connections.note_failure(connection, refusal.reason, "backchannel_logout", by_anybody=True)
        return refusal.reason
    reason = _end(connection, token, origin)
    if reason:
        connections.note_failure(connection, reason, "backchannel_logout")
        return reason
    _note_right_one(connection, network, origin)
    return None


def _read(connection: Connection, raw: str, network: str, *, few: bool) -> LogoutToken:
    """Raises RefusedError. ``few``: so few were refused that the provider may be asked for a stranger too."""
    tokens.refuse_impossible_logout_token(raw, connection.issuer, connection.client_id)
    is_known = metadata_cache.kept(KNOWN, connection.issuer, network) is not None
    asker = f"logout {network}" if is_known else "logout"  # what may be asked anew: strangers share that
    inquiry = http.inquiry(connection.issuer, asker=asker, may_ask=few or is_known)
    judge = partial(tokens.logout_token, raw, client_id=connection.client_id, inquiry=inquiry)
    return discovery.with_second_look(discovery.of(inquiry), inquiry, judge)[1]


def _note_right_one(connection: Connection, network: str, origin: Origin) -> None:
    rate_limits.give_back_by_network(OF_NETWORK, origin.address, via=origin.via, window=str(connection.pk))
    rate_limits.give_back(OF_ORGANISATION, str(connection.pk))
    if network:  # of visitors whose address is not told, one right token shows nothing about the others
        metadata_cache.keep(KNOWN, connection.issuer, network, found={"known": True}, period=limits.SSO_LOGOUT_KNOWN)


@transaction.atomic
def _end(connection: Connection, token: LogoutToken, origin: Origin) -> Reason | None:
    # From then on its time of issue is too long ago, whatever end it names.
    until = timezone.now() + limits.SSO_TOKEN_AGE + 2 * limits.SSO_SKEW
    if not replay_protection.use("logout", connection.issuer, token.number, until=until):
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
