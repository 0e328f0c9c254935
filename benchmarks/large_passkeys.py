"""Passkeys in a large portal: people who have them, demands for them, and what asks about either."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from benchmarks.large_data import BOSS, BOUND, insert
from benchmarks.large_pages import ALL, Page, largest_organisation, small_organisation

KEY = "kaarsje@groot.nl"  # signs in by passkey
ANNOUNCED, IN_FORCE = "current_date + 60", "current_date - 30"
AGES = "now() - n * interval '300 milliseconds'"  # of used challenges


def is_filled() -> bool:
    from accounts.organisations.models import StaffPolicy

    return StaffPolicy.objects.exists()


def fill(cursor) -> None:
    """What belongs to the passkeys that `large_data` made, and the demands: announced in the largest organisation and
    of all staff, in force in every fiftieth organisation, of its staff in every tenth."""
    from accounts.mfa_policy.models import PasskeyReminder
    from accounts.organisations.models import Organisation, StaffPolicy
    from accounts.two_factor.models import FormerPasskey, PasskeyHandle, UsedChallenge

    cursor.execute("UPDATE two_factor_passkey SET last_used_at = now() - user_id % 60 * interval '1 day'")
    handle = "decode(repeat(md5('handle ' || user_id::text), 4), 'hex')"
    insert(cursor, PasskeyHandle, {"user_id": "user_id", "handle": handle}, "two_factor_passkey")
    used = {"digest": "md5(n::text) || md5('challenge ' || n::text)", "used_at": AGES}
    insert(cursor, UsedChallenge, used, "generate_series(1, (SELECT count(*) / 20 FROM accounts_user)) n")
    former = {
        "user_id": "p.user_id",
        "name": "'Oude laptop'",
        "why": "'removed'",
        "credential_id": "p.credential_id",
        "digest": "md5('former ' || p.user_id::text) || md5(p.user_id::text)",
        "sealed_key": "p.sealed_key",
        "ended_at": "now() - p.user_id % 30 * interval '1 day'",
    }
    insert(cursor, FormerPasskey, former, "two_factor_passkey p WHERE p.user_id % 3 = 0")
    first = "(SELECT min(id) FROM organisations_organisation)"
    table = Organisation._meta.db_table
    cursor.execute(f"UPDATE {table} SET passkey_for = 'staff', passkey_from = {IN_FORCE} WHERE id % 10 = 5")
    cursor.execute(f"UPDATE {table} SET passkey_for = 'everybody', passkey_from = {IN_FORCE} WHERE id % 50 = 7")
    cursor.execute(f"UPDATE {table} SET passkey_for = 'everybody', passkey_from = {ANNOUNCED} WHERE id = {first}")
    insert(cursor, StaffPolicy, {"id": "1", "passkey_from": ANNOUNCED}, "generate_series(1, 1)")
    told = {"user_id": "m.user_id", "required_from": ANNOUNCED, "days_before": "30", "sent_at": "now()"}
    insert(cursor, PasskeyReminder, told, f"organisations_membership m WHERE m.organisation_id = {first}")
    _people()


def _people() -> None:
    """The workers, who demand passkeys and so have used one, and somebody who signs in by passkey."""
    from accounts.models import User
    from accounts.two_factor.models import Passkey
    from tests.factories import UserFactory

    for number, worker in enumerate(User.objects.filter(email__in=[BOSS, BOUND])):
        Passkey.objects.create(
            user=worker, name="Laptop", credential_id=b"", sealed_key=b"", digest=number, last_used_at=timezone.now()
        )
    UserFactory(email=KEY, with_totp=True, organisation=largest_organisation())


@dataclass(frozen=True)
class Work(Page):
    """What no page of a worker asks for."""

    do: Callable[[], object] = object

    def ask(self, client: object) -> int:
        self.do()
        return 200


def pages(who: str) -> Iterator[Page]:
    from accounts.mfa_policy.passkeys.coverage import Group

    largest = largest_organisation()
    of_largest = reverse("organisation_passkey", args=[largest.slug])
    yield Page("passkey: choice", of_largest)
    for whom in ("staff", "everybody"):
        for days in (0, 30):
            yield Page(f"passkey: dry run of {whom} in {days} days", _dry_run(of_largest, whom, days))
    for group in Group:
        asked = {"groep": group.value}
        yield Page(f"passkey: dry run, names of group {group.value}", _dry_run(of_largest, "everybody", 30, asked))
    deep = {"groep": Group.WITHOUT.value, "p": 300}
    yield Page("passkey: dry run, names, page 300", _dry_run(of_largest, "everybody", 30, deep))
    if who != ALL:
        return
    of_small = reverse("organisation_passkey", args=[small_organisation().slug])
    yield Page("passkey: dry run of a small organisation", _dry_run(of_small, "everybody", 30))
    of_staff = reverse("staff_passkey")
    yield Page("passkey: choice of staff", of_staff)
    yield Page("passkey: dry run of all staff", _dry_run(of_staff, "staff", 30))
    for group in Group:
        asked = {"groep": group.value}
        yield Page(
            f"passkey: dry run of all staff, names of group {group.value}", _dry_run(of_staff, "staff", 30, asked)
        )
    yield from _elsewhere()


def _dry_run(page: str, whom: str, days: int, more: dict[str, object] | None = None) -> str:
    day = timezone.localdate() + timedelta(days)
    return f"{page}?{urlencode({'whom': whom, 'first_day': day.isoformat(), **(more or {})})}"


def _elsewhere() -> Iterator[Page]:
    """The sign-in, the jobs of the worker, the commands."""
    from accounts.two_factor.passkeys import flows

    yield Work("passkey: sign-in", "", do=SignIn())
    yield Work("passkey: purge of used challenges", "", do=flows.purge_challenges)
    for name, after in (("first", 0), ("last", 10**9)):
        yield Work(f"passkey: {name} batch of reminders", "", do=partial(_reminders, after))
    yield Work("passkey: status of one person", "", do=partial(_status, KEY))
    yield Work("command: two_factor_status", "", do=_status)


class SignIn:
    """The whole sign-in by passkey, from another address each time."""

    def __init__(self) -> None:
        self.device = None
        self.times = 0

    def __call__(self) -> None:
        from tests.conftest import browser
        from tests.pages import is_signed_in
        from tests.passkeys_client import ceremony_of_sign_in

        device = self.device = self.device or _registered()
        self.times += 1
        client = browser(REMOTE_ADDR=f"10.77.0.{self.times}")
        ceremony = ceremony_of_sign_in(client)
        client.post(ceremony.address, ceremony.posted(device.get(ceremony.options)))
        assert is_signed_in(client)


def _registered():
    from accounts.models import User
    from accounts.two_factor.models import Passkey
    from tests.passkey_doors import register
    from tests.passkeys_client import Device

    person, device = User.objects.get(email=KEY), Device()
    Passkey.objects.filter(user=person).delete()
    register(person, device)
    return device


def _reminders(after: int) -> None:
    from accounts import limits
    from accounts.mfa_policy.reminders import passkeys
    from accounts.organisations.sign_in_policy import Requirement

    organisation = largest_organisation()
    demand = Requirement(organisation.name, organisation.passkey_from)
    people = passkeys.recipients(organisation, organisation.passkey_for, demand, 14)
    list(people.filter(pk__gt=after).order_by("pk")[: limits.REMINDER_BATCH])


def _status(*person: str) -> None:
    call_command("two_factor_status", *person, stdout=io.StringIO())
