from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import encryption
from accounts.key_rotation import flows, key_in_use, presence


class Command(BaseCommand):
    help = (
        "Shows by name (16 digits that tell nothing about a key) which encryption keys there are, which one is in use, "
        "how many stored secrets each one opens, and which running processes lack a key. Exit status 1 when secrets "
        "cannot be read or a process lacks a key that is in use."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        in_use, counts = key_in_use.stored() or encryption.key_ids()[0], flows.count_by_key()
        for key_id in encryption.key_ids():
            self.stdout.write(f"{key_id}  {counts.pop(key_id, 0)} secrets{'  in use' if key_id == in_use else ''}")
        for key_id, count in counts.items():
            self.stdout.write(f"{key_id}  {count} secrets  NOT CONFIGURED: they cannot be read")
        lacking = self._processes(in_use)
        if counts or lacking or in_use not in encryption.key_ids():
            raise CommandError('Keys are missing: see docs/operations.md, "Changing keys" and "A lost key".')

    def _processes(self, in_use: str) -> list[str]:
        newest, signing = encryption.key_ids()[0], presence.signing_key_ids()[0]
        behind = {process.name for process in presence.without_encryption_key(newest)}
        behind |= {process.name for process in presence.without_signing_key(signing)}
        for process in presence.running():
            state = "lacks the first key of the list here" if process.name in behind else "has all keys"
            self.stdout.write(f"process {process.name}: {state}")
        return [process.name for process in presence.without_encryption_key(in_use)]
