"""The way to the provider: the authentication request, and RP-initiated logout. Nothing here sees an HTTP request.

What the provider answers is judged in `callback`.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from accounts import limits
from accounts.models import User
from accounts.sso import assurance, authentication_requests, connections
from accounts.sso.authentication_requests import REAUTHENTICATED, Purpose, Session
from accounts.sso.models import Connection
from accounts.sso.provider import availability, client, discovery, http
from accounts.sso.provider.client import RequestParameters
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry
from accounts.sso.refusal_reasons import Reason, RefusedError

# The person must sign in anew at the provider, whatever session is open there (OpenID Connect Core section 3.1.2.1).
REAUTHENTICATION = {"prompt": "login", "max_age": "0"}


def begin(
    connection: Connection,
    purpose: Purpose,
    session: Session,
    *,
    target: str,
    user: User | None = None,
    address: str = "",
) -> str | Reason:
    """The URL of the authentication request to send the browser to. ``address``: the typed e-mail address, a hint."""
    us = connections.client_of(connection, despite_failure=purpose is Purpose.TEST)
    try:
        metadata = available_metadata(us.inquiry)
    except RefusedError as refusal:
        connections.note_failure(connection, refusal.reason, purpose)
        return refusal.reason
    pending = authentication_requests.begin(session, connection, purpose, target=target, user=user)
    extra = _login_hints(connection, address) | assurance.request_parameters(connection) | _max_age(purpose)
    return client.authentication_request_url(
        us, metadata, RequestParameters(pending.state, pending.nonce, pending.verifier, extra)
    )


def available_metadata(inquiry: Inquiry) -> Metadata:
    """The provider's metadata, after a check that the provider is reachable. Raises RefusedError."""
    if not inquiry.despite_failure:
        http.refuse_after_failure(inquiry)  # also when its metadata is cached
    metadata = discovery.metadata_for(inquiry)
    try:
        availability.check(metadata, inquiry)
    except RefusedError as refusal:
        if refusal.reason in (*http.SILENT_REASONS, Reason.PRIVATE_ADDRESS):
            discovery.forget(inquiry.issuer)  # the next request reads its metadata again
        raise
    return metadata


def _login_hints(connection: Connection, address: str) -> dict[str, str]:
    if not address:
        return {}
    domain = {"domain_hint": connections.domain_of(address)} if client.is_entra(connection.issuer) else {}
    return {"login_hint": address} | domain


def _max_age(purpose: Purpose) -> dict[str, str]:
    """How long ago the person may have signed in at the provider (ASVS 7.6.1; NIST SP 800-63B-4 section 5.2)."""
    if purpose in REAUTHENTICATED:
        return REAUTHENTICATION
    return {"max_age": str(int(limits.SESSION_OVERALL.total_seconds()))}


def provider_logout_url(connection: Connection, hint: str) -> str | None:
    """The URL that signs the browser out at the provider (OpenID Connect RP-Initiated Logout 1.0).

    None when there is none, or the provider cannot be asked within `limits.SSO_LEAVING`. Without ``id_token_hint``,
    because no token is kept.
    """
    inquiry = http.inquiry(connection.issuer, within=limits.SSO_LEAVING)
    try:
        metadata = available_metadata(inquiry)
    except RefusedError as refusal:
        connections.note_failure(connection, refusal.reason, "sign_out")
        return None
    if not metadata.end_session_endpoint:
        return None
    parameters = {
        "client_id": connection.client_id,
        "post_logout_redirect_uri": settings.PUBLIC_URL + reverse("signed_out"),
        **({"logout_hint": hint} if hint else {}),
    }
    separator = "&" if "?" in metadata.end_session_endpoint else "?"
    return f"{metadata.end_session_endpoint}{separator}{urlencode(parameters)}"
