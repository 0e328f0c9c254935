from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import limits
from accounts.active_sessions.store import SessionStore
from accounts.audit import chain
from accounts.two_factor.models import Authenticator


class Command(BaseCommand):
    help = "Deletes expired sessions and unfinished set-ups. Run it every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        SessionStore.clear_expired()
        old = timezone.now() - limits.PENDING_AUTHENTICATOR
        count = Authenticator.objects.filter(confirmed=False, created_at__lte=old).delete()[0]
        chain.seal(everything=True)
        self.stdout.write(f"Expired sessions are gone, and {count} unfinished set-ups.")
