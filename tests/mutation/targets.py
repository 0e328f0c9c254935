"""What is mutated: the security core."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("throttling", "two_factor", "passwords", "sso", "support", "audit", "active_sessions")
MODULES = ("policy.py", "encryption.py")
# No part of the running portal, or no decisions in it.
LEFT_OUT = {"apps.py", "make_blocklist.py", "urls.py", "__init__.py"}


def modules() -> list[str]:
    """The mutated files, relative to the project."""
    folders = [ROOT / "accounts" / name for name in PACKAGES]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    kept = [file for file in files if file.name not in LEFT_OUT and "migrations" not in file.parts]
    return sorted(str(file.relative_to(ROOT)) for file in [*kept, *(ROOT / "accounts" / name for name in MODULES)])


def package_of(module: str) -> str:
    """The package by which results are counted: ``accounts/sso/provider/keys.py`` belongs to ``sso``."""
    return module.split("/")[1]
