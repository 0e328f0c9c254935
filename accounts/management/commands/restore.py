from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.continuity import backups, programs


class Command(BaseCommand):
    help = (
        "Restores FILE, which `backup` made, into the database of DATABASE_URL. Refuses when there are people in it, "
        "when a key is missing, or when the file was changed. Stop the portal first, and run after_restore after it."
    )
    requires_system_checks: list[str] = []  # the database may be empty

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            note = backups.restore(file)
        except (backups.RefusedError, programs.ProgramError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored as it was on {note.made_at}. Before the portal starts:")
        if backups.missing_migrations(note):
            self.stdout.write("  manage.py migrate")
        self.stdout.write("  manage.py after_restore --reason TEXT [--audit-export FILE]")
        self.stdout.write(f"  manage.py verify_audit_trail{f' --head {note.head.digest}' if note.head.digest else ''}")
