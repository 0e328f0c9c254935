from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.audit import mail
from accounts.audit.origin import CONSOLE
from accounts.sso.setup import expiry


class Command(BaseCommand):
    help = "Mails administrators whose secret or certificate of single sign-on expires soon. Run it every day."

    def handle(self, *args: Any, **options: Any) -> None:
        warned = expiry.warn(CONSOLE)
        mail.wait_until_sent()
        self.stdout.write(f"{warned} organisations were warned.")
