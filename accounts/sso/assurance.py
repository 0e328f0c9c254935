"""The assurance of a sign-in at the provider, by the claim that the organisation chose (ASVS 6.8.4)."""

from __future__ import annotations

import json

from accounts.policy import Vouched
from accounts.sso.models import Connection, MissingProof, Vouching
from accounts.sso.provider.tokens import Claims

# Values that name a single factor, or none: the methods of RFC 8176 section 2 except "mfa", values that Entra ID, Okta
# and Keycloak send beside these, and the SAML 2.0 authentication context classes (section 3.4) of one factor. "mca" is
# two channels to one person; "0" is no confidence at all (OpenID Connect Core section 2).
AMR_METHODS = {
    "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk",
    "tel", "user", "vbm", "wia",
}  # fmt: skip
VENDOR_VALUES = {
    "rsa", "email", "password", "none", "fed", "federated", "social", "okta_verify", "0", "1", "aal1", "loa1", "loa-1",
    "level1", "p1",
}  # fmt: skip
SAML_CLASS_PREFIX = "urn:oasis:names:tc:saml:2.0:ac:classes:"
SAML_CLASSES = {
    "password", "passwordprotectedtransport", "internetprotocol", "internetprotocolpassword", "previoussession",
    "unspecified", "kerberos", "smartcard", "telephony", "securedremotepassword",
}  # fmt: skip
LEVEL_URNS = {"urn:okta:loa:1fa:any", "urn:okta:loa:1fa:pwd", "urn:mace:incommon:iap:bronze"}
SINGLE_FACTOR_VALUES = AMR_METHODS | VENDOR_VALUES | LEVEL_URNS | {SAML_CLASS_PREFIX + kind for kind in SAML_CLASSES}


def is_single_factor(value: str) -> bool:
    """Does the value name a single factor? Then a claim with it does not prove two (ASVS 6.8.4)."""
    return value.strip().casefold() in SINGLE_FACTOR_VALUES


def established(connection: Connection, claims: Claims) -> Vouched:
    """The second factor that this ID token proves, or that is trusted by agreement."""
    if connection.vouching == Vouching.AGREEMENT:
        return Vouched.AGREEMENT
    return Vouched.CLAIM if _claim_matches(connection, claims) else Vouched.NOTHING


def _claim_matches(connection: Connection, claims: Claims) -> bool:
    wanted = connection.vouching_value
    if not wanted or is_single_factor(wanted):  # may be stored by an earlier version
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
    # Only in a list: in a string, "mfa" would be found in "nomfa".
    return isinstance(value, list) and wanted in value


def must_refuse(connection: Connection, vouched: Vouched) -> bool:
    """Is a sign-in without the required claim refused, instead of asking our own code?"""
    is_usable = not is_single_factor(connection.vouching_value)  # may be stored by an earlier version
    asks_for_proof = is_usable and connection.vouching not in (Vouching.OURS, Vouching.AGREEMENT)
    return asks_for_proof and vouched is Vouched.NOTHING and connection.missing_proof == MissingProof.REFUSE


def request_parameters(connection: Connection) -> dict[str, str]:
    """The parameters of the authentication request that make the provider require the second factor."""
    if not connection.vouching_value:
        return {}
    if connection.vouching == Vouching.ACR:
        return {"acr_values": connection.vouching_value}
    if connection.vouching == Vouching.ACRS:
        # Entra ID: the name of an authentication context of Conditional Access.
        wanted = {"id_token": {"acrs": {"essential": True, "value": connection.vouching_value}}}
        return {"claims": json.dumps(wanted, separators=(",", ":"))}
    return {}
