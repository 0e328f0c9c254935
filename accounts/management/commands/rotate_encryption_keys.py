from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.encryption import SecretUnreadableError
from accounts.two_factor.models import Authenticator


class Command(BaseCommand):
    help = (
        "Encrypts stored secrets again with the newest of ENCRYPTION_KEYS, while the site runs. "
        "Exit status 1 when some cannot be read: the key that they need is not configured."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        renewed = 0
        unreadable = []
        for pk in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
            try:
                renewed += Authenticator.renew_encryption(pk)
            except SecretUnreadableError:
                unreadable.append(pk)
        self.stdout.write(f"{renewed} secrets are encrypted with the newest key now.")
        if unreadable:
            named = ", ".join(map(str, unreadable[:20]))
            raise CommandError(f"{len(unreadable)} secrets cannot be read (authenticator {named}).")
