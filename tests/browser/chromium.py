"""The system's own Chromium or Chrome; nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from typing import Any

# Chromium without windows, profiles and extensions, for a fifth of the processor time for each new visitor. Playwright
# takes the same build when it brings its own browsers. Going back to a page of another site is not the same there:
# `tests/browser/sso/test_back_button.py` takes the whole browser, and WHOLE_BROWSER=1 takes it for every test.
WITHOUT_WINDOWS = "chromium-headless-shell"
WHOLE_ASKED = "WHOLE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium or Chrome on the PATH (on Debian: apt-get install chromium); the browser tests are left out"

# A browser that only talks to the portal: whatever it asks of another host is then the portal's doing.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


def path() -> str | None:
    """The whole browser."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def launch_args(*, windows: bool = False) -> dict[str, Any]:
    """The keyword arguments for Playwright's ``launch``. Raises FileNotFoundError when there is no browser.

    ``windows``: the whole browser, also where the build without windows is there.
    """
    whole = path()
    light = None if windows or os.environ.get(WHOLE_ASKED) else shutil.which(WITHOUT_WINDOWS)
    found = light or whole
    if found is None:
        raise FileNotFoundError(MISSING)
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {"executable_path": found, "args": [*QUIET, *(["--no-sandbox"] if as_root else [])]}
