from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import mail
from accounts.audit.origin import CONSOLE
from accounts.models import User
from accounts.support import flows
from accounts.support.flows import Outcome


class Command(BaseCommand):
    help = "Resets the second step of one person, records the reason and mails the person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="why; it is kept and mailed to the person")

    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        if not reason.strip():
            raise CommandError("Give a reason: it is kept.")
        try:
            person = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the address {email}.") from None
        outcome = flows.reset_second_factor(person, actor=None, reason=reason, origin=CONSOLE)
        mail.wait_until_sent()
        if outcome is not Outcome.RESET:
            raise CommandError(f"{person.email} has no second step; nothing was changed.")
        self.stdout.write(f"The second step of {person.email} is reset, all sessions are ended, and a mail is sent.")
