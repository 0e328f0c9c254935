"""Where authenticator apps are installed from, with QR codes that a phone opens."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from accounts.two_factor.totp import qr

# Not translated.
APPS = (
    (
        "Microsoft Authenticator",
        "https://apps.apple.com/nl/app/microsoft-authenticator/id983156458",
        "https://play.google.com/store/apps/details?id=com.azure.authenticator",
    ),
    (
        "Google Authenticator",
        "https://apps.apple.com/nl/app/google-authenticator/id388497605",
        "https://play.google.com/store/apps/details?id=com.google.android.apps.authenticator2",
    ),
)


class Store(NamedTuple):
    app: str
    on_iphone: bool
    address: str
    qr: qr.Picture


@cache
def every() -> tuple[Store, ...]:
    """Of each app. Drawn once per process: they are public and never change."""
    return tuple(
        Store(app, on_iphone, address, qr.picture(address))
        for app, iphone, android in APPS
        for on_iphone, address in ((True, iphone), (False, android))
    )


def of_one_app() -> list[Store]:
    """Both stores of the first app: one choice for whoever has none yet."""
    return [store for store in every() if store.app == APPS[0][0]]
