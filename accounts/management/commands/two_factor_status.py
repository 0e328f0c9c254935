from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from accounts.mfa_policy import statistics
from accounts.mfa_policy.passkeys import flows as passkey_policy
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.organisations.models import Organisation
from accounts.support.models import Intervention, Kind, State
from accounts.two_factor import devices
from accounts.two_factor.account_recovery import flows as account_recovery


class Command(BaseCommand):
    help = "Says who has a second step: the counts, or one person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?")

    def handle(self, *args: Any, email: str | None, **options: Any) -> None:
        if email:
            self._print_person(email)
            return
        active = User.objects.filter(is_active=True).order_by()
        for title, people in (("people", active), ("staff", active.filter(is_staff=True))):
            found = people.aggregate(total=Count("pk"), on=Count("pk", filter=statistics.has_factor()))
            passkeys = statistics.with_passkey(people)
            self.stdout.write(
                f"{title}: {found['on']} of {found['total']} have a second step, {passkeys} of them a passkey"
            )
        if choice := passkey_policy.present(None).first_day:
            self.stdout.write(f"a passkey is required of all staff from {choice}")
        self._print_organisations()

    def _print_organisations(self) -> None:
        totals = statistics.totals()
        columns = ("pk", "name", "second_step", "required_from", "passkey_for", "passkey_from")
        for key, name, demand, day, whom, passkey_day in Organisation.objects.values_list(*columns):
            found = totals.get(key, statistics.Totals())
            asked = f"{demand} from {day}" if day else demand
            if passkey_day:
                asked += f"; passkey of {whom} from {passkey_day}"
            self.stdout.write(f"{name}: {found.protected} of {found.people} have a second step ({asked})")

    def _print_person(self, email: str) -> None:
        try:
            person = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the address {email}.") from None
        self._print_devices(person)
        self._print_recovery(person)

    def _print_devices(self, person: User) -> None:
        found = [("authenticator app", device) for device in devices.authenticators_of(person)]
        found += [("passkey", device) for device in devices.passkeys_of(person)]
        if not found:
            asked = (
                "it is asked of this person" if sign_in_policy.is_required(person) else "it is not asked of this person"
            )
            self.stdout.write(f"{person.email}: no second step; {asked}")
        for kind, device in found:
            used = f"{device.last_used_at:%Y-%m-%d %H:%M} UTC" if device.last_used_at else "never"
            since = f"{device.created_at:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{person.email}: {kind} since {since}, last used {used}")

    def _print_recovery(self, person: User) -> None:
        if recovery := account_recovery.of(person):
            self.stdout.write(f"reset on {recovery.began_at:%Y-%m-%d %H:%M} UTC; waits for the new phone")
        for done in Intervention.objects.filter(subject=person, kind=Kind.RESET, state=State.DONE)[:1]:
            self.stdout.write(f"newest reset: receipt {done.receipt}, {done.done_at:%Y-%m-%d %H:%M} UTC")
