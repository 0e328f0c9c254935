"""Aliases of pages, and addresses with capitals or without the final slash, with the page that was probably meant.

In an address with a token only the part before the token is corrected; one with a name in it is never changed.
"""

from __future__ import annotations

from django.urls import Resolver404, resolve, reverse

ALIASES = {
    "account": "personal_details",
    "admin": "admin:index",
    "dashboard": "overview",
    "forgot-password": "password_forgotten",
    "help": "help_two_factor",
    "home": "overview",
    "hulp": "help_two_factor",
    "index.html": "overview",
    "inlog": "sign_in",
    "login": "sign_in",
    "mijn-omgevingen": "overview",
    "omgevingen": "overview",
    "password-reset": "password_forgotten",
    "profiel": "personal_details",
    "profile": "personal_details",
    "signin": "sign_in",
    "sso": "sso_find",
    "wachtwoord": "change_password",
    "wachtwoord-wijzigen": "change_password",
}


def intended_address(path: str) -> str:
    """The address of the page that was probably meant; empty when there is none."""
    tried = path.strip("/").lower()
    if tried in ALIASES:
        return reverse(ALIASES[tried])
    lower = f"/{tried}/"
    if lower == path:
        return ""
    try:
        found = resolve(lower)
    except Resolver404:
        return ""
    if set(found.kwargs) == {"token"}:
        return _with_token(path, found.view_name)
    return "" if found.kwargs else lower


def _with_token(path: str, page: str) -> str:
    """Tokens are case-sensitive, the path before them is not. A wrong token gets the page that offers a new link."""
    before = reverse(page, args=["x"])[: -len("x/")]
    token = path.strip("/")[len(before) - 1 :]
    return reverse(page, args=[token])
