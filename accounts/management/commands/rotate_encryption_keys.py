from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.origin import CONSOLE
from accounts.key_rotation import flows


class Command(BaseCommand):
    help = (
        "Encrypts stored secrets again with the newest of ENCRYPTION_KEYS, while the site runs. "
        "Exit status 1 when some cannot be read: the key that they need is not configured."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        result = flows.renew_all(CONSOLE)
        self.stdout.write(f"{result.renewed} secrets are encrypted with the newest key now.")
        if result.unreadable:
            named = ", ".join(result.unreadable[:20])
            raise CommandError(f"{len(result.unreadable)} secrets cannot be read ({named}).")
