from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import chain


class Command(BaseCommand):
    help = "Checks the chain of audit entries. Exit status 1 at a break: something was changed, removed or moved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head", default="", help="a digest from the log; the chain must hold it, else its end was removed"
        )

    def handle(self, *args: Any, head: str, **options: Any) -> None:
        if head and not (head.isascii() and len(head) == len(chain.BEGIN)):
            raise CommandError("--head is a digest of 64 hexadecimal digits.")
        report = chain.verify(head)
        self.stdout.write(f"{report.sealed} entries are in order, {report.unsealed} are not sealed yet.")
        self.stdout.write(f"head: {report.head}")
        if report.broken:
            raise CommandError(f"The chain is broken: {report.broken}.")
        if not report.head_found:
            raise CommandError("The chain does not hold that digest: its end was removed, or made anew.")
