from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.mfa_policy.progress import flows as progress
from accounts.mfa_policy.reminders import flows as reminders


class Command(BaseCommand):
    help = (
        "Mails people without a second step before their organisation demands one, and notes for every organisation "
        "how many people have one today. The worker runs it once a day; again does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{progress.take_snapshots()} organisations are counted.")
        sent = reminders.send_all()
        self.stdout.write(f"{sent.reminded} people are reminded, and {sent.invited} are invited again.")
