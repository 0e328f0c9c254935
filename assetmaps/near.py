"""Addresses that people try, or remember from elsewhere, and the page they mean. Never an address with a token or a
name in it: those are right as they were sent, or wrong."""

from __future__ import annotations

from django.urls import Resolver404, resolve, reverse

TRIED = {
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


def address(path: str) -> str:
    """The address of ours that was probably meant; empty when there is none."""
    tried = path.strip("/").lower()
    if tried in TRIED:
        return reverse(TRIED[tried])
    lower = f"/{tried}/"
    return lower if lower != path and _is_a_page(lower) else ""


def _is_a_page(path: str) -> bool:
    try:
        return not resolve(path).kwargs
    except Resolver404:
        return False
