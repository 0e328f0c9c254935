from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.origin import CONSOLE
from accounts.continuity import lost_keys
from accounts.mail import outcomes


class Command(BaseCommand):
    help = (
        "After an encryption key is lost: names what cannot be read any more. With --reason TEXT it resets the second "
        "step of these people as support does; each gets a mail with a link to set up a phone again. Mails that waited "
        "are given up: Beheer > Wachtrij says to whom."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", help="reset them; why, which is kept and mailed to each person")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        found = lost_keys.find()
        for person in found.people:
            self.stdout.write(f"authenticator app or passkey of {person.email}")
        for organisation in found.organisations:
            self.stdout.write(f"single sign-on of {organisation}: its administrator gives a new secret or key pair")
        self.stdout.write(f"{len(found.former)} former authenticator apps")
        self.stdout.write(f"{len(found.mails)} mails in the outbox")
        if not reason.strip():
            return
        with outcomes.collect() as mails:
            lost_keys.reset(found, reason, CONSOLE)
        mails.wait()
        self.stdout.write(f"The second step of {len(found.people)} people is reset.")
        if mails.refused:
            raise CommandError(outcomes.describe(mails.refused))
