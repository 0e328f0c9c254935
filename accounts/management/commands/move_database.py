from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.audit.origin import CONSOLE
from accounts.continuity import move
from accounts.continuity.backups import RefusedError


class Command(BaseCommand):
    help = (
        "Copies everything from DATABASE_URL into the empty database of NEW_DATABASE_URL, compares the counts and "
        "verifies the audit trail there; all or nothing. Stop the portal first."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.NEW_DATABASE is None:
            raise CommandError("NEW_DATABASE_URL is not set.")
        try:
            counts, head = move.move(settings.NEW_DATABASE, CONSOLE)
        except RefusedError as error:
            raise CommandError(f"Nothing was moved. {error}") from None
        for table, count in sorted(counts.items()):
            self.stdout.write(f"{count:>10} {table}")
        self.stdout.write(f"Everything is there. head: {head}")
