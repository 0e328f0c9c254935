"""Who vouches for the second step: what a token shows, read the way the organisation agreed (ASVS 6.8.4)."""

from __future__ import annotations

import json

from accounts.policy import Vouched
from accounts.sso.models import Connection, MissingProof, Vouching
from accounts.sso.provider.tokens import Claims

# Names of one factor, or of none: the methods of RFC 8176 section 2 but "mfa", what Entra ID, Okta and Keycloak send
# beside these, and the classes of SAML 2.0 (section 3.4) for one. "mca" is two ways to reach one person, "0" is no
# confidence at all (OpenID Connect Core section 2).
METHODS = {
    "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk",
    "tel", "user", "vbm", "wia",
}  # fmt: skip
OTHERS = {
    "rsa", "email", "password", "none", "fed", "federated", "social", "okta_verify", "0", "1", "aal1", "loa1", "loa-1",
    "level1", "p1",
}  # fmt: skip
SAML = "urn:oasis:names:tc:saml:2.0:ac:classes:"
CLASSES = {
    "password", "passwordprotectedtransport", "internetprotocol", "internetprotocolpassword", "previoussession",
    "unspecified", "kerberos", "smartcard", "telephony", "securedremotepassword",
}  # fmt: skip
LOA = {"urn:okta:loa:1fa:any", "urn:okta:loa:1fa:pwd", "urn:mace:incommon:iap:bronze"}
ONE_FACTOR = METHODS | OTHERS | LOA | {SAML + kind for kind in CLASSES}


def names_one_factor(value: str) -> bool:
    """Does the value say which single factor was used? Then a claim with it is no proof of two (ASVS 6.8.4)."""
    return value.strip().casefold() in ONE_FACTOR


def reached(connection: Connection, claims: Claims) -> Vouched:
    if connection.vouching == Vouching.AGREEMENT:
        return Vouched.AGREEMENT
    return Vouched.CLAIM if _is_shown(connection, claims) else Vouched.NOTHING


def _is_shown(connection: Connection, claims: Claims) -> bool:
    wanted = connection.vouching_value
    if not wanted or names_one_factor(wanted):  # such a value may be stored from before
        return False
    match connection.vouching:
        case Vouching.AMR:
            return _contains(claims.get("amr"), wanted)
        case Vouching.ACR:
            return claims.get("acr") == wanted
        case Vouching.ACRS:
            return _contains(claims.get("acrs"), wanted)
        case _:
            return False


def _contains(value: object, wanted: str) -> bool:
    # A list only: in a text, "mfa" would be found in "nomfa".
    return isinstance(value, list) and wanted in value


def is_refused(connection: Connection, vouched: Vouched) -> bool:
    """Must somebody without the proof stay outside, instead of showing our code?"""
    can_be_shown = not names_one_factor(connection.vouching_value)  # stored from before, such a value proves nothing
    asks_for_proof = can_be_shown and connection.vouching not in (Vouching.OURS, Vouching.AGREEMENT)
    return asks_for_proof and vouched is Vouched.NOTHING and connection.missing_proof == MissingProof.REFUSE


def asked_for(connection: Connection) -> dict[str, str]:
    """What makes the provider ask for the second step, where it needs to be told."""
    if not connection.vouching_value:
        return {}
    if connection.vouching == Vouching.ACR:
        return {"acr_values": connection.vouching_value}
    if connection.vouching == Vouching.ACRS:
        # Entra ID: the name of an authentication context of Conditional Access.
        wanted = {"id_token": {"acrs": {"essential": True, "value": connection.vouching_value}}}
        return {"claims": json.dumps(wanted, separators=(",", ":"))}
    return {}
