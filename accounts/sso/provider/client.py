"""The relying party's two requests: the authentication request through the browser, and the token request.

OpenID Connect Core 1.0 section 3.1; PKCE: RFC 7636; client authentication with a key pair: RFC 7523.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlsplit

from accounts import limits
from accounts.sso.provider import http
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry
from accounts.sso.refusal_reasons import Reason, RefusedError

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

SCOPE = "openid email profile"  # no more than a sign-in needs (ASVS 10.2.3)
GOOGLE = "https://accounts.google.com"  # https://developers.google.com/identity/openid-connect/reference
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CURVE_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
# The provider does not accept the client itself (RFC 6749 section 5.2).
CLIENT_ERRORS = ("invalid_client", "unauthorized_client")


@dataclass(frozen=True)
class Client:
    """The portal as a client of one provider, authenticated by ``secret`` or ``private_key`` (PEM). ``inquiry``: bounds
    the requests to the provider."""

    inquiry: Inquiry
    client_id: str
    redirect_uri: str
    secret: str = field(default="", repr=False)
    private_key: bytes = field(default=b"", repr=False)
    key_id: str = ""  # x5t#S256 of our certificate, by which Entra ID finds it


@dataclass(frozen=True)
class RequestParameters:
    """Of an authentication request. ``verifier``: of PKCE; ``extra``: login_hint, prompt, max_age, acr_values, claims,
    domain_hint."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    extra: dict[str, str] = field(default_factory=dict)


def authentication_request_url(client: Client, metadata: Metadata, parameters: RequestParameters) -> str:
    # here, to save start-up time
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    return str(
        prepare_grant_uri(
            metadata.authorization_endpoint,
            client_id=client.client_id,
            response_type="code",
            redirect_uri=client.redirect_uri,
            scope=SCOPE,
            state=parameters.state,
            nonce=parameters.nonce,
            code_challenge=create_s256_code_challenge(parameters.verifier),
            code_challenge_method="S256",
            **parameters.extra,
        )
    )


def is_google(issuer: str) -> bool:
    return issuer == GOOGLE


def is_entra(issuer: str) -> bool:
    return urlsplit(issuer).hostname == "login.microsoftonline.com"


@dataclass(frozen=True)
class TokenResponse:
    """``id_token``: not yet verified; ``access_token``: only to check ``at_hash``, or empty; ``code``: the code
    that was exchanged, to check ``c_hash``."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    code: str = field(repr=False)


def exchange(client: Client, metadata: Metadata, code: str, verifier: str) -> TokenResponse:
    """The token request: exchange the authorization code. Raises RefusedError."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }
    headers: dict[str, str] = {}
    if client.private_key:
        form |= {"client_id": client.client_id} | _assertion(client, metadata.token_endpoint)
    else:
        headers["Authorization"] = _basic(client)
    answer = http.post(metadata.token_endpoint, client.inquiry, form, headers)
    if answer.status >= 500 or answer.status == 429:
        raise RefusedError(Reason.HTTP_STATUS)
    content = answer.json()
    if answer.status != 200 or "error" in content:
        raise RefusedError(_refusal_reason(answer.status, content.get("error")))
    token = content.get("id_token")
    if not isinstance(token, str) or not token:
        raise RefusedError(Reason.NO_ID_TOKEN)
    access = content.get("access_token")
    return TokenResponse(token, access if isinstance(access, str) else "", code)


def _refusal_reason(status: int, error: object) -> Reason:
    if error in CLIENT_ERRORS or status == 401:
        return Reason.OUR_SECRET
    return Reason.CODE_REFUSED if error == "invalid_grant" else Reason.EXCHANGE_REFUSED


def _basic(client: Client) -> str:
    """Both parts form-encoded before they are joined (RFC 6749 section 2.3.1): a secret may hold any character."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"


def _assertion(client: Client, audience: str) -> dict[str, str]:
    # here, to save start-up time
    from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
    from joserfc.errors import JoseError

    try:
        key = _own_key(client.private_key)
        signed = sign_jwt_bearer_assertion(
            key,
            issuer=client.client_id,
            subject=client.client_id,
            audience=audience,
            alg=_algorithm(key),
            header={"kid": client.key_id, "x5t#S256": client.key_id} if client.key_id else {},
            expires_in=int(limits.SSO_ASSERTION.total_seconds()),
        )
    except (JoseError, ValueError):
        raise RefusedError(Reason.OUR_SECRET) from None
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


def _own_key(pem: bytes) -> RSAKey | ECKey:
    # here, to save start-up time
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    try:
        return RSAKey.import_key(pem)
    except (JoseError, ValueError):
        return ECKey.import_key(pem)


def _algorithm(key: RSAKey | ECKey) -> str:
    return CURVE_ALGORITHMS[str(key.as_dict()["crv"])] if key.key_type == "EC" else "RS256"
