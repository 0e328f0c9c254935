from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.background.process import Process
from accounts.key_rotation import presence


class Command(BaseCommand):
    help = (
        "Sends mail, invites the people of lists, seals the audit trail and runs the hourly and daily jobs, until it "
        "is told to stop (SIGTERM). Any number of workers may run, on any number of machines. Needed where "
        "WORKER=separate; otherwise the server runs one itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        presence.start()
        Process().run()
