from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import limits
from accounts.active_sessions.store import SessionStore
from accounts.audit import chain
from accounts.sso import once
from accounts.support import help_requests
from accounts.throttling import flows as throttling
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.models import Authenticator


class Command(BaseCommand):
    help = "Deletes what has outlived its time, and seals the audit trail. Run it every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        SessionStore.clear_expired()
        old = timezone.now() - limits.PENDING_AUTHENTICATOR
        unfinished = Authenticator.objects.filter(confirmed=False, created_at__lte=old).delete()[0]
        counters, requests = throttling.purge(), help_requests.purge()
        account_recovery.purge()
        once.purge()
        chain.seal(everything=True)
        self.stdout.write(
            f"Expired sessions are gone, {unfinished} unfinished set-ups, {counters} counters of attempts "
            f"and {requests} requests for help."
        )
