"""The version before: the code just before the newest migration, from the history of the project."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def commit() -> str:
    """Empty where there is no history."""
    try:
        newest = _git("log", "-1", "--format=%H", "--", "*/migrations/0*.py")
        return _git("rev-parse", "--verify", f"{newest}^") if newest else ""
    except (subprocess.CalledProcessError, FileNotFoundError):
        return ""


@contextmanager
def version() -> Iterator[Path]:
    """A folder with that code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "code"
        _git("worktree", "add", "--detach", str(folder), commit())
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder))
