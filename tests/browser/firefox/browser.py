"""The system's own Firefox by WebDriver BiDi; nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

NAMES = ("firefox-esr", "firefox")
MISSING = "no Firefox on the PATH (on Debian: apt-get install firefox-esr); its browser tests are left out"
RELAY = Path(__file__).with_name("relay.py")

# Whatever it asks of another host is then the portal's doing.
QUIET = {
    "app.normandy.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "extensions.getAddons.cache.enabled": False,
}


def path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def launch_args(preferences: dict[str, Any] | None = None, *, marionette: int | None = None) -> dict[str, Any]:
    """The keyword arguments for Playwright's ``firefox.launch``. Raises FileNotFoundError when there is no Firefox.

    ``preferences``: beside the usual ones, as in `about:config`; ``marionette``: a port for that protocol.
    """
    found = path()
    if found is None:
        raise FileNotFoundError(MISSING)
    more = {} if marionette is None else {"marionette.port": marionette}
    return {
        "channel": "moz-firefox",
        "executable_path": RELAY,
        "args": [] if marionette is None else ["-marionette"],
        "firefox_user_prefs": {**QUIET, **more, **(preferences or {})},
        "env": {**os.environ, "FIREFOX_BEHIND_RELAY": found},
    }
