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
