"""Which product a provider is. Never stored: it follows from the issuer, and before there is one from the address."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext as _

from accounts.sso.provider.client import is_entra, is_google
from accounts.unicode_text import split_address

KEYCLOAK_PATH = "/realms/"  # https://www.keycloak.org/docs/latest/server_admin/


class Kind(StrEnum):
    """The value is that of ``?soort=`` and the name of the template with its words."""

    ENTRA = "entra"
    GOOGLE = "google"
    KEYCLOAK = "keycloak"
    OTHER = "anders"

    @property
    def label(self) -> str:
        return NAMES.get(self) or _("Another provider")


NAMES = {Kind.ENTRA: "Microsoft Entra ID", Kind.GOOGLE: "Google Workspace", Kind.KEYCLOAK: "Keycloak"}


def of_issuer(issuer: str) -> Kind:
    if is_entra(issuer):
        return Kind.ENTRA
    if is_google(issuer):
        return Kind.GOOGLE
    return Kind.KEYCLOAK if KEYCLOAK_PATH in split_address(issuer).path else Kind.OTHER


def chosen(word: str, issuer: str) -> Kind:
    """The kind that the address of the page names, else that of the stored issuer, which may be empty."""
    named = next((kind for kind in Kind if kind == word), None)
    return named or (of_issuer(issuer) if issuer else Kind.OTHER)
