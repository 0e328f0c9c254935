"""To the provider and back. Nothing here sees a request or opens a session; the hall does that with the `Arrival`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from django.conf import settings
from django.db import transaction as database
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts import limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations import rank
from accounts.policy import Vouched
from accounts.sso import assurance, authentication_requests, connections, identities, replay_protection
from accounts.sso.authentication_requests import Purpose, Session, Transaction
from accounts.sso.models import Connection
from accounts.sso.provider import availability, client, discovery, http, tokens
from accounts.sso.provider.client import Ask
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry
from accounts.sso.provider.tokens import IdToken
from accounts.sso.refusal_reasons import Reason, RefusedError

# The person must do it anew there, whatever session is open (OpenID Connect Core section 3.1.2.1).
ANEW = {"prompt": "login", "max_age": "0"}
MUST_BE_ANEW = (Purpose.PROVE, Purpose.LINK)
# On a shared computer the session there may be a colleague's, who would get the account of whoever was invited.
ASKED_ANEW = (*MUST_BE_ANEW, Purpose.INVITED)


@dataclass(frozen=True)
class Arrival:
    """Who came back, or why not. ``upstream``: the name of the session there, for the sign-out by the provider."""

    connection: Connection
    transaction: Transaction | None = None
    reason: Reason | None = None
    user: User | None = None
    vouched: Vouched = Vouched.NOTHING
    upstream: str = ""
    token: IdToken | None = None


def begin(
    connection: Connection,
    purpose: Purpose,
    session: Session,
    *,
    target: str,
    user: User | None = None,
    address: str = "",
) -> str | Reason:
    """The address at the provider to send the browser to. ``address``: what the person typed, as a hint for there."""
    us = connections.client_of(connection, despite_failure=purpose is Purpose.TEST)
    try:
        metadata = _where_to(us.inquiry)
    except RefusedError as refusal:
        connections.note_failure(connection, refusal.reason, purpose)
        return refusal.reason
    begun = authentication_requests.begin(session, connection, purpose, target=target, user=user)
    extra = _hints(connection, address) | assurance.asked_for(connection) | _age(purpose)
    return client.authorisation_address(us, metadata, Ask(begun.state, begun.nonce, begun.verifier, extra))


def _where_to(inquiry: Inquiry) -> Metadata:
    """The provider's description, after a look whether the provider is there. Raises RefusedError."""
    if not inquiry.despite_failure:
        http.refuse_after_failure(inquiry)  # also when its description is kept
    metadata = discovery.of(inquiry)
    try:
        availability.check(metadata, inquiry)
    except RefusedError as refusal:
        if refusal.reason in (*http.SILENT, Reason.PRIVATE_ADDRESS):
            discovery.forget(inquiry.issuer)  # the next one asks anew where it is
        raise
    return metadata


def _hints(connection: Connection, address: str) -> dict[str, str]:
    if not address:
        return {}
    domain = {"domain_hint": connections.domain_of(address)} if client.is_entra(connection.issuer) else {}
    return {"login_hint": address} | domain


def _age(purpose: Purpose) -> dict[str, str]:
    """How long ago the person may have signed in there (ASVS 7.6.1; NIST SP 800-63B-4 section 5.2)."""
    return ANEW if purpose in ASKED_ANEW else {"max_age": str(int(limits.SESSION_OVERALL.total_seconds()))}


def finish(
    connection: Connection,
    answer: Mapping[str, str],
    session: Session,
    origin: Origin,
    *,
    present: User | None = None,
    invited: User | None = None,
) -> Arrival:
    """Judge what the browser brought back. ``present``: who is signed in here; ``invited``: who holds an invitation."""
    begun = authentication_requests.find(session, answer.get("state", ""), connection)
    if begun is None or not (connection.enabled or begun.purpose is Purpose.TEST):
        connections.note_failure(connection, Reason.NO_TRANSACTION, "answer")
        return Arrival(connection, reason=Reason.NO_TRANSACTION)
    if not replay_protection.use("state", begun.state, until=timezone.now() + limits.SSO_TRANSACTION):
        connections.note_failure(connection, Reason.REPEATED, begun.purpose)
        return Arrival(connection, reason=Reason.REPEATED)
    authentication_requests.drop(session, begun)
    try:
        token = _token(connection, begun, answer)
    except RefusedError as refusal:
        return _refused(connection, begun, refusal.reason, origin)
    connections.note_success(connection)
    return _judge(connection, begun, token, origin, present=present, invited=invited)


def _token(connection: Connection, begun: Transaction, answer: Mapping[str, str]) -> IdToken:
    if answer.get("error"):
        raise RefusedError(Reason.DENIED if answer["error"] == "access_denied" else Reason.PROVIDER_ERROR)
    if not answer.get("code"):
        raise RefusedError(Reason.NO_CODE)
    us = connections.client_of(connection, with_proof=True, despite_failure=begun.purpose is Purpose.TEST)
    step = partial(discovery.with_second_look, inquiry=us.inquiry)
    metadata, _named = step(discovery.of(us.inquiry), step=partial(_check_name, answer.get("iss")))
    exchange = partial(client.exchange, us, code=answer["code"], verifier=begun.verifier)
    metadata, exchanged = step(metadata, step=exchange)
    judge = partial(tokens.id_token, exchanged, client_id=us.client_id, nonce=begun.nonce, inquiry=us.inquiry)
    metadata, token = step(metadata, step=judge)
    discovery.note_proof(metadata)
    _check_age(begun, token.authenticated_at)
    return token


def _check_name(named: str | None, metadata: Metadata) -> None:
    """Of the answer that the browser brought (RFC 9207)."""
    if (named is None and metadata.names_itself) or (named is not None and named != metadata.issuer):
        raise RefusedError(Reason.ANSWER_ISSUER)


def _check_age(begun: Transaction, authenticated_at: float | None) -> None:
    """Where it must be done anew, the provider must say when; elsewhere it may leave that out, as Entra ID does."""
    skew = limits.SSO_SKEW.total_seconds()
    if authenticated_at is None:
        if begun.purpose in MUST_BE_ANEW:
            raise RefusedError(Reason.AUTHENTICATION_TIME)
        return
    anew = begun.purpose in ASKED_ANEW
    earliest = begun.begun_at if anew else time.time() - limits.SESSION_OVERALL.total_seconds()
    if not earliest - skew <= authenticated_at <= time.time() + skew:
        raise RefusedError(Reason.AUTHENTICATION_TIME)


@database.atomic
def _judge(
    connection: Connection,
    begun: Transaction,
    token: IdToken,
    origin: Origin,
    *,
    present: User | None,
    invited: User | None,
) -> Arrival:
    vouched = assurance.reached(connection, token.claims)
    upstream = upstream_of(connection, session=token.session, subject=token.subject)
    if begun.purpose is Purpose.TEST:
        return Arrival(connection, begun, None, None, vouched, upstream, token)
    if assurance.is_refused(connection, vouched):
        return _refused(connection, begun, Reason.NO_SECOND_STEP, origin)
    found = _whose(connection, begun, token, origin, present, invited)
    if isinstance(found, Reason):
        return _refused(connection, begun, found, origin)
    return Arrival(connection, begun, None, found, vouched, upstream, token)


def _whose(
    connection: Connection,
    begun: Transaction,
    token: IdToken,
    origin: Origin,
    present: User | None,
    invited: User | None,
) -> User | Reason:
    match begun.purpose:
        case Purpose.INVITED:
            return _link(connection, begun, invited, token, origin, Reason.INVITATION)
        case Purpose.LINK:
            return _link(connection, begun, present, token, origin, Reason.OTHER_PERSON)
        case Purpose.PROVE:
            return _same(connection, begun, present, token)
        case _:
            return identities.person_of(connection, token, origin)


def _link(
    connection: Connection, begun: Transaction, user: User | None, token: IdToken, origin: Origin, otherwise: Reason
) -> User | Reason:
    """``user`` must still be who began it."""
    if user is None or user.pk != begun.user:
        return otherwise
    if begun.purpose is Purpose.INVITED and not rank.organisation_decides_over(user):
        return Reason.ONE_FACTOR_AT_MOST  # the first factor is a password: the mailbox may be the organisation's too
    return identities.link(connection, user, token, origin, way=begun.purpose.value)


def _same(connection: Connection, begun: Transaction, user: User | None, token: IdToken) -> User | Reason:
    """Fresh proof is of who is signed in; a colleague's business account on the same computer is none."""
    identity = identities.find(connection, token.subject)
    if user is None or identity is None or not identity.user_id == user.pk == begun.user:
        return Reason.OTHER_PERSON
    return identities.why_not(connection, identity.user) or user


def _refused(connection: Connection, begun: Transaction, reason: Reason, origin: Origin) -> Arrival:
    connections.note_failure(connection, reason, begun.purpose)
    # Sparingly: anybody can begin at the provider's page, and come back with something wrong.
    record_aggregated(
        Event.SSO_REFUSED,
        subject=None,
        organisation=connection.organisation,
        origin=origin,
        detail={"cause": reason.value, "purpose": begun.purpose.value},
    )
    return Arrival(connection, begun, reason)


@database.atomic
def refuse(arrival: Arrival, reason: Reason, origin: Origin) -> Arrival:
    """What the provider said was right, and opens nothing all the same."""
    if arrival.transaction is None:
        return replace(arrival, reason=reason)
    return _refused(arrival.connection, arrival.transaction, reason, origin)


def upstream_of(connection: Connection, *, session: str = "", subject: str = "") -> str:
    """How a session of ours is found that belongs to one at the provider, or, without a name there, to one person."""
    kind, name = ("session", session) if session else ("subject", subject)
    text = chr(0).join((str(connection.organisation_id), connection.issuer, kind, name))
    return hashlib.sha256(text.encode()).hexdigest()


def leaving_address(connection: Connection, hint: str) -> str | None:
    """Where the browser signs out at the provider too (OpenID Connect RP-Initiated Logout 1.0); None when that is not
    possible, or not to be found out in `limits.SSO_LEAVING`. Without ``id_token_hint``: we keep no token for it."""
    inquiry = http.inquiry(connection.issuer, within=limits.SSO_LEAVING)
    try:
        metadata = _where_to(inquiry)
    except RefusedError as refusal:
        connections.note_failure(connection, refusal.reason, "sign_out")
        return None
    if not metadata.end_session_endpoint:
        return None
    values = {
        "client_id": connection.client_id,
        "post_logout_redirect_uri": settings.PUBLIC_URL + reverse("signed_out"),
        **({"logout_hint": hint} if hint else {}),
    }
    joint = "&" if "?" in metadata.end_session_endpoint else "?"
    return f"{metadata.end_session_endpoint}{joint}{urlencode(values)}"
