from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.mfa_policy import statistics
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
        active = User.objects.filter(is_active=True).annotate(has_second_step=devices.confirmed_device_exists())
        for title, people in (("people", active), ("staff", active.filter(is_staff=True))):
            on, total = people.filter(has_second_step=True).count(), people.count()
            self.stdout.write(f"{title}: {on} of {total} have a second step")
        self._print_organisations()

    def _print_organisations(self) -> None:
        totals = statistics.totals()
        for key, name, demand, day in Organisation.objects.values_list("pk", "name", "second_step", "required_from"):
            found = totals.get(key, statistics.Totals())
            asked = f"{demand} from {day}" if day else demand
            self.stdout.write(f"{name}: {found.protected} of {found.people} have a second step ({asked})")

    def _print_person(self, email: str) -> None:
        try:
            person = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the address {email}.") from None
        device = devices.authenticator_of(person)
        if device is None:
            asked = (
                "it is asked of this person" if sign_in_policy.is_required(person) else "it is not asked of this person"
            )
            self.stdout.write(f"{person.email}: no second step; {asked}")
            self._print_recovery(person)
            return
        used = f"{device.last_used_at:%Y-%m-%d %H:%M} UTC" if device.last_used_at else "never"
        self.stdout.write(
            f"{person.email}: authenticator app since {device.created_at:%Y-%m-%d %H:%M} UTC, last used {used}"
        )
        self._print_recovery(person)

    def _print_recovery(self, person: User) -> None:
        if recovery := account_recovery.of(person):
            self.stdout.write(f"reset on {recovery.began_at:%Y-%m-%d %H:%M} UTC; waits for the new phone")
        for done in Intervention.objects.filter(subject=person, kind=Kind.RESET, state=State.DONE)[:1]:
            self.stdout.write(f"newest reset: receipt {done.receipt}, {done.done_at:%Y-%m-%d %H:%M} UTC")
