from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.origin import CONSOLE
from accounts.mail import outcomes
from accounts.sso.credentials import expiry


class Command(BaseCommand):
    help = (
        "Mails administrators whose secret or certificate of single sign-on expires soon. The worker runs it every day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with outcomes.collect() as mails:
            warned = expiry.warn(CONSOLE)
        mails.wait()
        self.stdout.write(f"{warned} organisations had a warning to send.")
        if mails.refused:
            raise CommandError(outcomes.describe(mails.refused))
