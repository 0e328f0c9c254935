from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import chain
from accounts.audit.origin import CONSOLE
from accounts.models import User
from accounts.privacy import removal


class Command(BaseCommand):
    help = (
        "Removes a deactivated person for good: the account and all that belongs to it, and the person's name, "
        "addresses and browsers from the audit trail, which stays verifiable. Run it as the owner of the tables."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="why; it is kept, so name nobody")

    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        try:
            person = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the address {email}.") from None
        result = removal.remove(person, reason, CONSOLE)
        if result.refusal:
            raise CommandError(f"Nothing was removed. {result.refusal}")
        chain.seal(everything=True)
        self.stdout.write(
            f"Removed, and erased from {result.entries} entries of the audit trail. The worker sends the last mail."
        )
