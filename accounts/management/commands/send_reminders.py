from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.mail import outcomes
from accounts.mfa_policy.progress import flows as progress
from accounts.mfa_policy.reminders import flows as reminders


class Command(BaseCommand):
    help = (
        "Mails people without a second step before their organisation demands one, and notes for every organisation "
        "how many people have one today. Run it once a day; again does no harm. Exit status 1 when mail is down."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{progress.take_snapshots()} organisations are counted.")
        try:
            sent = reminders.send_all()
        except reminders.MailIsDownError as mistake:
            raise CommandError(f"The mail server does not answer ({mistake}); run this again later.") from None
        self.stdout.write(f"{sent.reminded} people are reminded, and {sent.invited} are invited again.")
        if sent.refused:
            raise CommandError(outcomes.describe(list(sent.refused)))
