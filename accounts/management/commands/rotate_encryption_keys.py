from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.encryption import SecretUnreadableError
from accounts.sso.models import Connection
from accounts.two_factor.models import Authenticator, FormerAuthenticator

KINDS = (
    (Authenticator, "authenticator"),
    (FormerAuthenticator, "former authenticator"),
    (Connection, "single sign-on"),
)


class Command(BaseCommand):
    help = (
        "Encrypts stored secrets again with the newest of ENCRYPTION_KEYS, while the site runs. "
        "Exit status 1 when some cannot be read: the key that they need is not configured."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        renewed = 0
        unreadable = []
        for model, kind in KINDS:
            for pk in list(model.objects.order_by("pk").values_list("pk", flat=True)):
                try:
                    renewed += model.renew_encryption(pk)
                except SecretUnreadableError:
                    unreadable.append(f"{kind} {pk}")
        self.stdout.write(f"{renewed} secrets are encrypted with the newest key now.")
        if unreadable:
            raise CommandError(f"{len(unreadable)} secrets cannot be read ({', '.join(unreadable[:20])}).")
