"""The settings of the program, loaded anew with other variables; and the program itself, started with them."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(settings.BASE_DIR)
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
GOOD = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "k7" * 40 + "another-part-of-a-long-key",
    "ENCRYPTION_KEYS": KEY,
    "ALLOWED_HOSTS": "mijn.assetmaps.nl",
}
NEEDED = ("SECRET_KEY", "ENCRYPTION_KEYS", "ALLOWED_HOSTS")
# Both halves of a password stand in no other text, so neither may be found in a message.
LEFT, RIGHT = "Xq7zzz", "Vw9kkk"


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    """What the settings of the program are with these variables beside the good ones."""
    monkeypatch.setattr(os, "environ", GOOD | variables)
    return runpy.run_path(str(ROOT / "assetmaps" / "settings.py"))


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(ImproperlyConfigured) as mistake:
        load(monkeypatch, **variables)
    assert mistake.value.__cause__ is None
    assert mistake.value.__context__ is None  # a library's message about the value would be there
    text = str(mistake.value)
    assert "\n" not in text
    return text


def joined(sign: str) -> str:
    """A password with this sign in the middle."""
    return f"{LEFT}{sign}{RIGHT}"


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value.encode("utf-8", "surrogateescape") for name, value in (GOOD | variables).items()}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
