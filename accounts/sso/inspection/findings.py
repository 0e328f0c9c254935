"""What a provider's discovery document says about itself, judged (OpenID Connect Discovery section 3, RFC 8414).

A finding is kept as its name and a value, and becomes a sentence in the reader's language when it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.sso.provider.discovery import REQUIRED_ENDPOINTS
from accounts.sso.provider.tokens import ALGORITHMS
from accounts.unicode_text import split_address, without_control_characters

LONGEST_VALUE = 200  # characters; the value comes from outside
ALL_ENDPOINTS = (*REQUIRED_ENDPOINTS, "end_session_endpoint")


class Level(Enum):
    GOOD = "good"
    NOTE = "note"
    WRONG = "wrong"


SENTENCES = {
    "reached": (Level.GOOD, gettext_lazy("The provider answers.")),
    "unreachable": (
        Level.WRONG,
        gettext_lazy("The provider does not answer at this address. Check “%(field)s”, or try again later."),
    ),
    "not_public": (
        Level.WRONG,
        gettext_lazy("The address of the provider is not on the public internet. The portal does not go there."),
    ),
    "no_document": (
        Level.WRONG,
        gettext_lazy("There is no OpenID Connect provider at this address. Check whether “%(field)s” is complete."),
    ),
    "issuer_same": (Level.GOOD, gettext_lazy("The provider calls itself exactly as you filled in.")),
    "issuer_differs": (
        Level.WRONG,
        gettext_lazy("The provider calls itself “%(value)s”. Is that yours? Then fill in exactly that at “%(field)s”."),
    ),
    "endpoint_missing": (Level.WRONG, gettext_lazy("The provider does not tell its address “%(value)s”.")),
    "endpoint_unsafe": (
        Level.WRONG,
        gettext_lazy("The address “%(value)s” of the provider is not a public address with https."),
    ),
    "endpoints": (Level.GOOD, gettext_lazy("All addresses of the provider are public and encrypted.")),
    "algorithms": (Level.GOOD, gettext_lazy("The provider signs with %(value)s, which we accept.")),
    "algorithms_wrong": (
        Level.WRONG,
        gettext_lazy("The provider signs with %(value)s, which we do not accept. Choose RS256, PS256 or ES256 there."),
    ),
    "keys": (Level.GOOD, gettext_lazy("The keys with which the provider signs can be read.")),
    "keys_wrong": (Level.WRONG, gettext_lazy("The keys with which the provider signs cannot be read.")),
    "pkce": (Level.GOOD, gettext_lazy("The provider knows PKCE with S256.")),
    "pkce_unsaid": (
        Level.NOTE,
        gettext_lazy("The provider does not say whether it knows PKCE. We always use it; Entra ID knows it too."),
    ),
    "pkce_wrong": (Level.WRONG, gettext_lazy("The provider does not know PKCE with S256. Switch it on there.")),
    "code": (Level.GOOD, gettext_lazy("The provider gives a code, as it should.")),
    "code_wrong": (
        Level.WRONG,
        gettext_lazy("The provider gives no code. Switch on the “authorization code flow” there."),
    ),
    "proof_wrong": (
        Level.WRONG,
        gettext_lazy("The provider does not take the proof that is chosen here (%(value)s). Choose the other one."),
    ),
    "sign_out": (Level.GOOD, gettext_lazy("People can sign out at the provider too.")),
    "sign_out_unsaid": (
        Level.NOTE,
        gettext_lazy("The provider has no address to sign out. Who signs out here stays signed in there."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """``field``: the label of the field that became the issuer; it differs by provider and is not stored."""

    name: str
    value: str = ""
    field: str = ""

    @property
    def level(self) -> str:
        return SENTENCES[self.name][0].value

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.name][1]) % {
            "value": self.value or _("not told"),
            "field": self.field or _("Issuer"),
        }

    def stored(self) -> list[str]:
        return [self.name, without_control_characters(self.value)[:LONGEST_VALUE]]  # PostgreSQL stores no zero byte


def from_stored(rows: Iterable[list[str]], field: str = "") -> list[Finding]:
    """From the database; a name that this version of the program no longer knows is left out."""
    return [Finding(name, value, field) for name, value in rows if name in SENTENCES]


def is_acceptable(found: list[Finding]) -> bool:
    return bool(found) and not any(finding.level == Level.WRONG.value for finding in found)


def examine(document: Mapping[str, Any], issuer: str, *, proof: str, is_safe: Callable[[str], bool]) -> list[Finding]:
    """Everything that the document shows. ``is_safe``: may the portal, and a browser, be sent to this address?"""
    own = document.get("issuer")
    same = isinstance(own, str) and own == issuer
    return [
        Finding("reached"),
        Finding("issuer_same") if same else Finding("issuer_differs", _text(own)),
        *_endpoints(document, is_safe),
        _algorithms(document),
        _pkce(document),
        Finding("code" if "code" in _texts(document, "response_types_supported", ["code"]) else "code_wrong"),
        *_proof(document, proof),
        Finding("sign_out" if document.get("end_session_endpoint") else "sign_out_unsaid"),
    ]


def _endpoints(document: Mapping[str, Any], is_safe: Callable[[str], bool]) -> list[Finding]:
    told = {name: document.get(name) for name in ALL_ENDPOINTS}
    missing = [Finding("endpoint_missing", name) for name in REQUIRED_ENDPOINTS if not told[name]]
    unsafe = [
        Finding("endpoint_unsafe", name)
        for name, address in told.items()
        if address and not (isinstance(address, str) and _is_plain(address) and is_safe(address))
    ]
    return [*missing, *unsafe] or [Finding("endpoints")]


def _is_plain(address: str) -> bool:
    try:
        parts = split_address(address)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.username is None and not parts.fragment


def _algorithms(document: Mapping[str, Any]) -> Finding:
    told = _texts(document, "id_token_signing_alg_values_supported", ["RS256"])
    good = [name for name in told if name in ALGORITHMS]
    return Finding("algorithms", ", ".join(good)) if good else Finding("algorithms_wrong", ", ".join(told))


def _pkce(document: Mapping[str, Any]) -> Finding:
    if "code_challenge_methods_supported" not in document:
        return Finding("pkce_unsaid")
    return Finding("pkce" if "S256" in _texts(document, "code_challenge_methods_supported", []) else "pkce_wrong")


def _proof(document: Mapping[str, Any], proof: str) -> list[Finding]:
    told = _texts(document, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return [] if proof in told else [Finding("proof_wrong", proof)]


def _texts(document: Mapping[str, Any], name: str, default: list[str]) -> list[str]:
    """A list of short texts; what a careless or hostile provider puts there instead counts as an empty one."""
    told = document.get(name, default)
    return [text[:40] for text in told if isinstance(text, str)][:20] if isinstance(told, list) else []


def _text(value: Any) -> str:
    return value[:LONGEST_VALUE] if isinstance(value, str) else ""
