"""Compares the sentences in the program with the Dutch catalogue: `python -m tests.catalogue`. Needs gettext."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("assetmaps/locale/nl/LC_MESSAGES/django.po")


def extracted() -> set[str]:
    """What makemessages finds, in a copy, so that the working tree stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("manage.py", "accounts", "assetmaps", "environments", "templates"):
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, Path(folder) / part)
        command = [sys.executable, "manage.py", "makemessages", "-l", "nl", "--no-wrap", "--no-location"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=os.environ | {"DEBUG": "1"})
        return {entry.msgid for entry in polib.pofile(str(Path(folder) / CATALOGUE)) if not entry.obsolete}


def is_compiled() -> bool:
    """Does the compiled file, which the program reads, say what the catalogue says?"""
    texts = [
        {(entry.msgctxt, entry.msgid, entry.msgstr, *entry.msgstr_plural.values()) for entry in entries}
        for entries in (
            polib.pofile(str(ROOT / CATALOGUE)).translated_entries(),
            polib.mofile(str(ROOT / CATALOGUE.with_suffix(".mo"))),
        )
    ]
    return texts[0] == texts[1]


def main() -> int:
    known = {entry.msgid for entry in polib.pofile(str(ROOT / CATALOGUE))}
    found = extracted()
    for text in sorted(found - known):
        print(f"not in the catalogue: {text}")
    for text in sorted(known - found):
        print(f"no longer used: {text}")
    compiled = is_compiled()
    if not compiled:
        print("the compiled catalogue is of another time: make messages")
    return 0 if found == known and compiled else 1


if __name__ == "__main__":
    sys.exit(main())
