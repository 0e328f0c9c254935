"""Screenshots, QR codes of app stores and numbers for the manual."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from accounts import limits
from accounts.two_factor.totp import qr

PICTURES = Path(settings.BASE_DIR) / "static" / "img" / "manual"

# Not translated. The addresses are those of templates/includes/apps.html.
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


@dataclass(frozen=True)
class Screenshot:
    """``light`` and ``dark``: paths in static/; ``width`` and ``height``: in CSS pixels, against layout shifts."""

    light: str
    dark: str
    width: int
    height: int


@dataclass(frozen=True)
class Store:
    app: str
    on_iphone: bool
    address: str
    qr: qr.Picture


@cache
def screenshots(language: str) -> dict[str, Screenshot]:
    """By the name of the step. `python -m tests.browser.screenshots --manual` makes them and the list of sizes."""
    made = json.loads((PICTURES / "pictures.json").read_text(encoding="utf-8"))[language]
    return {
        name: Screenshot(
            f"img/manual/{language}/{name}-light.webp",
            f"img/manual/{language}/{name}-dark.webp",
            facts["width"],
            facts["height"],
        )
        for name, facts in made.items()
    }


@cache
def stores() -> tuple[Store, ...]:
    """Drawn once per process: they are public and never change."""
    return tuple(
        Store(app, on_iphone, address, qr.picture(address))
        for app, iphone, android in APPS
        for on_iphone, address in ((True, iphone), (False, android))
    )


def numbers() -> dict[str, int]:
    """The limits that the manual names, in whole minutes, seconds or pieces."""
    return {
        "recovery_codes": limits.RECOVERY_CODES,
        "devices": limits.AUTHENTICATORS,
        "wrong_codes": limits.CODE_FREE_FAILURES,
        "wait_minutes": int(limits.CODE_WAITS[0].total_seconds() // 60),
        "set_up_minutes": int(limits.PENDING_AUTHENTICATOR.total_seconds() // 60),
        "code_minutes": int(limits.PENDING_SIGN_IN.total_seconds() // 60),
        "code_seconds": int(limits.TOTP_STEP.total_seconds()),
        "stolen_after": limits.CODE_STOLEN_AFTER,
    }
