"""Reading what a provider says about itself, for the set-up pages: every answer becomes findings, none an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from django.conf import settings

from accounts.sso.inspection.findings import Finding, examine, is_acceptable
from accounts.sso.provider import discovery, http, keys, permitted_addresses
from accounts.sso.refusal_reasons import Reason, RefusedError
from accounts.unicode_text import split_address

NOT_PUBLIC = (Reason.PRIVATE_ADDRESS, Reason.NOT_ENCRYPTED)
NOT_A_PROVIDER = (Reason.NOT_JSON, Reason.HTTP_STATUS, Reason.REDIRECTED, Reason.TOO_LARGE)


class Reader(Protocol):
    def document(self, issuer: str) -> Mapping[str, Any]:
        """The discovery document as it is, unjudged. Raises RefusedError."""
        ...

    def is_safe(self, address: str) -> bool:
        """May the portal ask there: https, and a public address after resolution (or an exception for development)?"""
        ...

    def has_keys(self, issuer: str, document: Mapping[str, Any]) -> bool:
        """Can the keys be read that the document points at? Asked only when nothing is wrong with the document."""
        ...


def inspect(reader: Reader, issuer: str, proof: str) -> list[Finding]:
    """Every finding about a provider. Takes as long as the provider does, within the reader's limits."""
    try:
        document = reader.document(issuer)
    except RefusedError as refused:
        return [_unread(refused.reason)]
    found = examine(document, issuer, proof=proof, is_safe=reader.is_safe)
    if is_acceptable(found):
        found.append(Finding("keys" if reader.has_keys(issuer, document) else "keys_wrong"))
    return found


def _unread(reason: Reason) -> Finding:
    if reason in NOT_PUBLIC:
        return Finding("not_public")
    return Finding("no_document") if reason in NOT_A_PROVIDER else Finding("unreachable")


class ProviderReader:
    """Over the network. Everything that one reader is asked together keeps to the deadline of one request. A failure of
    just now keeps nobody from looking whether it is over."""

    def __init__(self) -> None:
        self._inquiry = http.inquiry("", despite_failure=True)
        self._judged: dict[tuple[str, int], bool] = {}

    def document(self, issuer: str) -> Mapping[str, Any]:
        self._inquiry = replace(self._inquiry, issuer=issuer)
        answer = http.get(issuer.rstrip("/") + discovery.WELL_KNOWN, self._inquiry)
        if answer.status != 200:
            raise RefusedError(Reason.HTTP_STATUS)
        return answer.json()

    def is_safe(self, address: str) -> bool:
        if not permitted_addresses.is_permitted(address):
            return False
        parts = split_address(address)
        place = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        if place not in self._judged:
            self._judged[place] = http.resolves_to_public_addresses(*place, self._inquiry)
        return self._judged[place]

    def has_keys(self, issuer: str, document: Mapping[str, Any]) -> bool:
        try:
            metadata = discovery.validated(issuer, dict(document))
            keys.fetch_and_cache(metadata, self._inquiry)
        except RefusedError:
            return False
        # Sign-ins go by what was found now, not by what was kept before.
        discovery.store(issuer, dict(document))
        return True


def http_allowed() -> frozenset[str]:
    """host:port of the providers that development may reach over http."""
    return frozenset(settings.SSO_ALLOWED_PRIVATE_ADDRESSES)
