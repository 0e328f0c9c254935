from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.mfa_policy.progress import flows as progress
from accounts.mfa_policy.reminders import flows as reminders
from accounts.mfa_policy.reminders import passkeys


class Command(BaseCommand):
    help = (
        "Mails people without a second step, or without a passkey, before one is demanded of them, and notes for every "
        "organisation how many people have a second step today. The worker runs it once a day; again does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{progress.take_snapshots()} organisations are counted.")
        sent = reminders.send_all()
        self.stdout.write(f"{sent.reminded} people are reminded, and {sent.invited} are invited again.")
        self.stdout.write(f"{passkeys.send_all()} people are reminded of a passkey.")
