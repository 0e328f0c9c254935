"""Screenshots and numbers for the manual."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from accounts import limits

PICTURES = Path(settings.BASE_DIR) / "static" / "img" / "manual"


@dataclass(frozen=True)
class Screenshot:
    """``light`` and ``dark``: paths in static/; ``width`` and ``height``: in CSS pixels, against layout shifts."""

    light: str
    dark: str
    width: int
    height: int


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


def numbers() -> dict[str, int]:
    """The limits that the manual names, in whole minutes, seconds or pieces."""
    return {
        "recovery_codes": limits.RECOVERY_CODES,
        "devices": limits.AUTHENTICATORS,
        "passkeys": limits.PASSKEYS,
        "wrong_codes": limits.CODE_FREE_FAILURES,
        "wait_minutes": int(limits.CODE_WAITS[0].total_seconds() // 60),
        "set_up_minutes": int(limits.PENDING_AUTHENTICATOR.total_seconds() // 60),
        "code_minutes": int(limits.PENDING_SIGN_IN.total_seconds() // 60),
        "code_seconds": int(limits.TOTP_STEP.total_seconds()),
        "stolen_after": limits.CODE_STOLEN_AFTER,
    }
