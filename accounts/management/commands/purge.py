from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from accounts import flows
from accounts.active_sessions.store import SessionStore
from accounts.audit import aggregation, chain
from accounts.background import retention as tasks
from accounts.mail import outcomes
from accounts.mail import retention as outbox
from accounts.mfa_policy.progress import flows as progress
from accounts.mfa_policy.reminders import flows as reminders
from accounts.mfa_policy.reminders import passkeys as passkey_reminders
from accounts.sso import replay_protection
from accounts.support import help_requests
from accounts.support.caller_check import flows as caller_check
from accounts.throttling import flows as throttling
from accounts.two_factor import devices, previous_devices
from accounts.two_factor.account_recovery import flows as account_recovery
from accounts.two_factor.passkeys import flows as passkeys


class Command(BaseCommand):
    help = "Deletes what has outlived its time, and seals the audit trail. The worker runs it every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        SessionStore.clear_expired()
        unfinished = devices.purge_set_ups()
        counters, requests = throttling.purge(), help_requests.purge()
        account_recovery.purge()
        previous_devices.purge()
        passkeys.purge_challenges()
        replay_protection.purge()
        caller_check.purge()
        reminders.purge()
        passkey_reminders.purge()
        progress.purge()
        outbox.purge()
        tasks.purge()
        flows.refresh_search_keys()
        with outcomes.collect() as mails:
            others = sum(import_string(name)() for name in settings.PURGES)
        mails.wait()
        aggregation.flush()
        chain.seal(everything=True)
        self.stdout.write(
            f"Expired sessions are gone, {unfinished} unfinished set-ups, {counters} counters of attempts, "
            f"{requests} requests for help and {others} lists of people."
        )
        if reason := chain.reason_not_to_seal():
            raise CommandError(f"The audit trail is not sealed any more: {reason}. See docs/audit-trail-and-keys.md.")
        if mails.refused:  # about addresses of environments that are in use now
            raise CommandError(outcomes.describe(mails.refused))
