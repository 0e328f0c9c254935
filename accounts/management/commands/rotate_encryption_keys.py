from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import encryption, limits
from accounts.audit.origin import CONSOLE
from accounts.key_rotation import flows, presence


class Command(BaseCommand):
    help = (
        "Takes the first of ENCRYPTION_KEYS into use, and encrypts stored secrets again with it, while the site runs. "
        "Exit status 1 when a running process does not have that key yet (nothing is changed then), or when secrets "
        "cannot be read: the key that they need is not configured."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self._take_into_use()
        result = flows.renew_all(CONSOLE)
        self.stdout.write(f"{result.renewed} secrets are encrypted with the newest key now.")
        if result.unreadable:
            named = ", ".join(result.unreadable[:20])
            raise CommandError(f"{len(result.unreadable)} secrets cannot be read ({named}).")

    def _take_into_use(self) -> None:
        # A process that was restarted is remembered for a while.
        until = time.monotonic() + limits.PROCESS_GONE.total_seconds()
        while (change := flows.take_into_use()).lacking and time.monotonic() < until:
            self.stderr.write(f"Waiting for {len(change.lacking)} processes that were seen without the newest key.")
            time.sleep(limits.KEYS_NOTED.total_seconds())
        if change.lacking:
            named = "; ".join(change.lacking[:20])
            raise CommandError(f"Nothing was changed: restart these first, they do not have the newest key: {named}.")
        if change.changed:
            self.stdout.write(f"Key {encryption.key_ids()[0]} is in use.")
            if presence.running():  # they go on with the earlier one until they have read it
                time.sleep(limits.KEY_IN_USE_KEPT.total_seconds() + limits.KEYS_NOTED.total_seconds())
