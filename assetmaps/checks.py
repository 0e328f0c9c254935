"""What `manage.py check --deploy` says besides Django's own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def public_url_is_encrypted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Cookies, HSTS and the redirect to https all follow from PUBLIC_URL: with http none of them protects."""
    if settings.SECURE:
        return []
    hint = "Set PUBLIC_URL to the https address of the portal; http is for development on one's own machine."
    return [Error("PUBLIC_URL does not begin with https://.", hint=hint, id="assetmaps.E001")]


def no_provider_on_a_private_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each exception is a way from a setting of an administrator into our own network."""
    if not settings.SSO_ALLOWED_PRIVATE_ADDRESSES:
        return []
    hint = "Remove SSO_ALLOWED_PRIVATE_ADDRESSES from the environment; it is for development on one's own machine."
    return [Error("Single sign-on may reach private addresses.", hint=hint, id="assetmaps.E002")]
