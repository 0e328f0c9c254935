from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.origin import CONSOLE
from accounts.mail import outcomes
from accounts.mfa_policy.passkeys import flows


class Command(BaseCommand):
    help = (
        "Demands a passkey of nobody any more: for when no passkey works, as on another host. Recorded, and mailed to "
        "the administrators and superusers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="why; it is kept")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        if not reason.strip():
            raise CommandError("Give a reason: it is kept.")
        with outcomes.collect() as mails:
            number = flows.withdraw_all(reason.strip(), CONSOLE)
        mails.wait()
        self.stdout.write(f"{number} demands are withdrawn; codes of authenticator apps open everything again.")
        if mails.refused:
            raise CommandError(outcomes.describe(mails.refused))
