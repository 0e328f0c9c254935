from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.origin import CONSOLE
from accounts.mail import outcomes
from accounts.models import User
from accounts.support.interventions import flows
from accounts.support.interventions.flows import InterventionRequest
from accounts.support.models import Kind
from accounts.two_factor import devices


class Command(BaseCommand):
    help = (
        "Resets the second step of one person as support does: with a receipt, a record of the reason, and a mail with "
        "the link for a new phone."
    )

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
        had_one = devices.has_confirmed_device(person)
        with outcomes.collect() as mails:
            result = flows.act(InterventionRequest(Kind.RESET, person, None, reason), CONSOLE)
        mails.wait()
        receipt = result.intervention.receipt if result.intervention else ""
        what = "The second step" if had_one else "There was no second step; what waited or was open"
        sent = "" if mails.refused else ", and a mail is sent"
        self.stdout.write(f"{what} of {person.email} is reset, all sessions are ended{sent}. Receipt: {receipt}")
        if mails.refused:
            raise CommandError(outcomes.describe(mails.refused))
