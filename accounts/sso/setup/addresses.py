"""The addresses of ours that a provider must know."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from accounts.organisations.models import Organisation


@dataclass(frozen=True)
class Addresses:
    """``entry``: the sign-in page of the organisation; ``redirect``: the redirect URI (OpenID Connect Core section
    3.1.2.1); ``back_channel``: OpenID Connect Back-Channel Logout 1.0; ``signed_out``: the post-logout redirect URI
    (OpenID Connect RP-Initiated Logout 1.0)."""

    entry: str
    redirect: str
    back_channel: str
    signed_out: str


def of(organisation: Organisation) -> Addresses:
    entry = f"{settings.PUBLIC_URL}/inloggen/sso/{organisation.slug}/"
    return Addresses(entry, f"{entry}callback/", f"{entry}backchannel-logout/", f"{settings.PUBLIC_URL}/uitgelogd/")
