from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import chain
from accounts.audit.events import Event
from accounts.audit.origin import CONSOLE
from accounts.continuity import after_restore
from accounts.continuity.after_restore import ACCOUNT, FACTOR, OTHERS, PASSWORD, Lost
from accounts.mail import outcomes
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Run this once after a backup was restored, before the portal starts: ends every session, makes every link and "
        "code void that was handed out (recovery codes too), and puts the noted head of the audit trail aside."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="why the backup was restored; it is kept")
        parser.add_argument(
            "--audit-export", type=Path, help="JSON lines of the lost audit trail: names who was changed since"
        )
        parser.add_argument("--deactivate", action="store_true", help="deactivate whom the export says was deactivated")
        parser.add_argument(
            "--void", action="store_true", help="void passwords and apps that the export says were replaced or reported"
        )

    def handle(self, *args: Any, reason: str, audit_export: Path | None, **options: Any) -> None:
        if (options["deactivate"] or options["void"]) and audit_export is None:
            raise CommandError("--deactivate and --void need --audit-export.")
        try:
            lost = after_restore.lost_since(audit_export) if audit_export else Lost()
        except (after_restore.ExportError, OSError) as error:
            raise CommandError(f"Nothing was done. {error}") from None
        result = after_restore.void_what_was_handed_out(reason, CONSOLE)
        counted = ", ".join(f"{name} {count}" for name, count in result.counts.items())
        self.stdout.write(f"Void now: {counted}.")
        if result.head:
            self.stdout.write(
                f"The audit trail after the backup is lost. Its noted head, {result.head}, is kept in "
                f"{result.head_file}; on every other machine of the portal move its AUDIT_HEAD_FILE aside as well."
            )
        self._name(lost)
        with outcomes.collect() as mails:
            self._repeat(lost, reason, options)
        mails.wait()
        chain.seal(everything=True)
        if mails.refused:
            raise CommandError(outcomes.describe(mails.refused))

    def _name(self, lost: Lost) -> None:
        back = User.objects.filter(pk__in=lost.removed)
        self._list("removed, and now back (use remove_person)", [person.email for person in back])
        self._list("deactivated", [lost.names[pk] for pk in lost.deactivated()])
        for told, events in (("password", PASSWORD), ("second step", FACTOR), ("look at", OTHERS)):
            named = [f"{lost.names[pk]} ({self._events(lost, pk, events)})" for pk in lost.with_any(events)]
            self._list(told, named)
        self._list("look at the settings", lost.settings)

    @staticmethod
    def _events(lost: Lost, pk: int, wanted: set[Event]) -> str:
        return ", ".join(event.value for event in lost.events[pk] if event in wanted and event not in ACCOUNT)

    def _list(self, told: str, named: list[str]) -> None:
        for one in named:
            self.stdout.write(f"since the backup, {told}: {one}")

    def _repeat(self, lost: Lost, reason: str, options: dict[str, Any]) -> None:
        if options["deactivate"]:
            self._list("deactivated again", after_restore.deactivate_again(lost, CONSOLE))
        if options["void"]:
            self._list("password or app made void", after_restore.void_replaced(lost, reason, CONSOLE))
