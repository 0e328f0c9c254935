from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import chain, export_check, verification


class Command(BaseCommand):
    help = "Checks the chain of audit entries, or an export of it. Exit status 1 where something is not as it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head", default="", help="a digest from the log; the chain must hold it, else its end was removed"
        )
        parser.add_argument("--export", default="", help="check an exported file (JSON lines) instead of the database")

    def handle(self, *args: Any, head: str, **options: Any) -> None:
        if options["export"]:
            self._check_export(options["export"])
            return
        if head and not (head.isascii() and len(head) == len(chain.INITIAL_DIGEST)):
            raise CommandError("--head is a digest of 64 hexadecimal digits.")
        result = verification.verify(head)
        self.stdout.write(f"{result.sealed} entries are in order, {result.unsealed} are not sealed yet.")
        self.stdout.write(f"head: {result.head}")
        if result.broken:
            raise CommandError(f"The chain is broken: {result.broken}.")
        if reason := chain.reason_not_to_seal():
            raise CommandError(f"The chain is broken: {reason}.")
        if result.unauthentic:
            raise CommandError(
                f"{result.unauthentic} entries were not written by the program, or changed before they were sealed; "
                f"the first is {result.first_unauthentic}."
            )
        if not result.head_found:
            raise CommandError("The chain does not hold that digest: its end was removed, or made anew.")

    def _check_export(self, path: str) -> None:
        try:
            with Path(path).open("rb") as file:
                found, number, broken = export_check.check(file)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        if broken:
            raise CommandError(f"Line {number}: {broken}.")
        metadata = found.metadata
        self.stdout.write(f"{found.entries} entries are as they were exported, {found.sealed} of them sealed.")
        self.stdout.write(f"Exported by {metadata['made_by']} at {metadata['made_at']}.")
        for name, value in metadata["filters"].items():
            self.stdout.write(f"{name}: {value}")
