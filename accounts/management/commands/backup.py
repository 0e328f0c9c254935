from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.origin import CONSOLE
from accounts.continuity import backups, programs


class Command(BaseCommand):
    help = (
        "Writes the whole database to FILE while the portal runs (pg_dump's custom format, or a file of SQLite), and "
        "what a restore needs to know to FILE.json: keys by name, release, head of the audit trail, digest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            note = backups.back_up(file, CONSOLE)
        except (backups.RefusedError, programs.ProgramError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{file} and {backups.note_path(file).name} are written: {file.stat().st_size} bytes.")
        self.stdout.write(f"head of the audit trail: {note.head.position} {note.head.digest}")
