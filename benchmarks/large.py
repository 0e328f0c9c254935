"""How long the pages of the administration take with a million people and ten million audit entries.

    pg_virtualenv -t bash -c \\
        'DATABASE_URL=postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres python -m benchmarks.large'

Fills an empty PostgreSQL database (five minutes and 6 GB at full size; `--people 100000 --entries 1000000` takes half a
minute), asks for each page through the whole program, and prints the least, the median and the 95th percentile of the
server's time and the number of statements. Refuses a database that holds people. All of it goes with the cluster.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator

import django

GOAL_MS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--organisations", type=int, default=2_000)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=20, help="of each page, after two that do not count")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    chosen = parser.parse_args()
    _set_up()
    from benchmarks import large_data

    start = time.perf_counter()
    if not large_data.is_filled():
        large_data.fill(chosen.people, chosen.organisations, chosen.entries)
        print(f"filled in {time.perf_counter() - start:.0f} s, {large_data.size()}\n")
    slow = 0
    for who, client in _workers().items():
        print(f"{who:<65} least     median       95 %  statements")
        for name, address, *posted in _pages():
            if chosen.only in name:
                slow += _measure(client, name, address, chosen.runs, *posted)
        print()
    print(f"{slow} pages take longer than {GOAL_MS} ms" if slow else f"every page stays below {GOAL_MS} ms")


def _set_up() -> None:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        sys.exit("DATABASE_URL must name an empty PostgreSQL database; see the text at the top of this file.")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)


def _workers() -> dict[str, object]:
    """A superuser, and an administrator who is bound to the largest organisation; both signed in with fresh proof."""
    from django.contrib.auth.models import Group

    from accounts.models import User
    from benchmarks.large_data import BOSS, BOUND
    from tests.conftest import prove
    from tests.pages import signed_in

    bound = User.objects.get(email=BOUND)
    bound.groups.add(Group.objects.get(name="Organisatiebeheer"), Group.objects.get(name="Support eigen organisatie"))
    clients = {}
    for who, person in (("superuser", User.objects.get(email=BOSS)), ("bound to the largest organisation", bound)):
        clients[who] = signed_in(person)
        prove(clients[who])
    return clients


def _pages() -> Iterator[tuple]:
    """Name, address, and what is posted when it is not a page to get."""
    yield "first page", "/beheer/"
    yield "organisations: first page", "/beheer/organisations/organisation/"
    yield from _people()
    yield from _audit()
    yield "support: the page", "/beheer/support/"
    for what, typed in (("whole address", "persoon77777@voorbeeld.nl"), ("name", "Bakker"), ("nobody", "zzzz")):
        yield f"support: search by {what}", "/beheer/support/", {"who": typed}


def _people() -> Iterator[tuple[str, str]]:
    from accounts.organisations.models import Organisation
    from environments.models import Environment

    largest = Organisation.objects.order_by("pk").first().pk
    environment = Environment.objects.filter(organisation=largest).first().pk
    page = "/beheer/accounts/user/"
    yield "people: first page", page
    for what, query in (
        ("search by name", "q=Bakker"),
        ("search by address", "q=persoon7777"),
        ("search that finds nobody", "q=zzzz"),
        ("page 50", "p=50"),
        ("staff", "is_staff__exact=1"),
        ("not active", "is_active__exact=0"),
        ("with a second step", "second_step=on"),
        ("without a second step", "second_step=off"),
        ("invited, never came", "came=never"),
        ("not seen for long", "came=long-ago"),
        ("of an organisation", f"organisation={largest}"),
        ("with access to an environment", f"environment={environment}"),
        ("organisation, second step and name", f"organisation={largest}&second_step=off&q=Bakker"),
    ):
        yield f"people: {what}", f"{page}?{query}"


def _audit() -> Iterator[tuple[str, str]]:
    from accounts.audit.models import AuditEntry
    from benchmarks.large_data import BUSY, RARE, name_of

    newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    former = AuditEntry.objects.filter(event="address_changed").first().detail["before"]
    day, month = "since=2026-03-03&until=2026-03-03", "since=2026-03-01&until=2026-03-31"
    small, large = f"organisation={name_of(1500)}", f"organisation={name_of(1)}"
    yield "audit: first page", "/beheer/activiteit/"
    for what, query in (
        ("deep keyset page", f"voor={newest // 20}"),
        ("person, whole address", "person=persoon77777@voorbeeld.nl"),
        ("person, beginning of an address", "person=persoon7777"),
        ("person, nobody", "person=niemand@voorbeeld.nl"),
        ("former address", f"person={former}"),
        ("worker", f"worker={BUSY}"),
        ("worker, rare event", f"worker={BUSY}&event={RARE}"),
        ("worker, event that never was", f"worker={BUSY}&event=worker_stopped"),
        ("large organisation", large),
        ("small organisation", small),
        ("frequent event", "event=signed_in"),
        ("rare event", f"event={RARE}"),
        ("event that never was", "event=worker_stopped"),
        ("frequent event, refused: never", "event=signed_in&result=refused"),
        ("eight events", "&".join(f"event={event}" for event in _eight())),
        ("refused", "result=refused"),
        ("succeeded", "result=succeeded"),
        ("day", day),
        ("month", month),
        ("period without entries", "since=2010-01-01&until=2010-12-31"),
        ("large organisation, rare event", f"{large}&event={RARE}"),
        ("small organisation, rare event", f"{small}&event={RARE}"),
        ("large organisation, refused", f"{large}&result=refused"),
        ("small organisation, refused", f"{small}&result=refused"),
        ("small organisation, day", f"{small}&{day}"),
        ("rare event, day", f"event={RARE}&{day}"),
        ("refused, month", f"result=refused&{month}"),
        ("person, rare event, month", f"person=persoon77777@voorbeeld.nl&event={RARE}&{month}"),
        ("everything at once", f"{large}&event={RARE}&result=refused&worker={BUSY}&{month}"),
        ("large organisation, refused, deep", f"{large}&result=refused&voor={newest // 20}"),
    ):
        yield f"audit: {what}", f"/beheer/activiteit/?{query}"
    yield "audit: newer, from deep", f"/beheer/activiteit/?na={newest // 20}"
    yield "audit: one entry", f"/beheer/activiteit/{newest}/"
    yield "audit: before an export of a month", f"/beheer/activiteit/exporteren/?{large}&{month}"
    yield "audit: before an export of all refusals", "/beheer/activiteit/exporteren/?result=refused"


def _eight() -> list[str]:
    from accounts.audit.events import Event

    return Event.values[:8]


def _measure(client, name: str, address: str, runs: int, posted: dict[str, str] | None = None) -> bool:
    """Print one line; is it slower than the goal?"""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask():
        return client.get(address) if posted is None else client.post(address, posted)

    with CaptureQueriesContext(connection) as captured:
        answer = ask()
        statements = len(captured)
    expected = (200,) if posted is None else (200, 302)
    if answer.status_code not in expected or getattr(answer.resolver_match, "url_name", "") == "app_list":
        print(f"{name:<60} not there (status {answer.status_code}): skipped")
        return False
    ask()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        ask()
        times.append((time.perf_counter() - start) * 1000)
    middle, high = statistics.median(times), statistics.quantiles(times, n=20)[-1] if runs > 1 else times[0]
    slow = "  SLOW" if high > GOAL_MS else ""
    print(f"{name:<60} {min(times):7.1f} ms {middle:7.1f} ms {high:7.1f} ms {statements:5}{slow}", flush=True)
    return high > GOAL_MS


if __name__ == "__main__":
    main()
