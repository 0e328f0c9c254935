"""How long the pages of the administration take with a million people and ten million audit entries.

    python -m benchmarks.large --cluster /var/tmp/large

``--cluster``: a folder for a PostgreSQL server of its own, which is made, started and stopped here, and kept with its
data for the next time. Without it, `DATABASE_URL` names an empty PostgreSQL database, for example in `pg_virtualenv`.
Filling takes ten minutes and 7 GB at full size; `--people 100000 --entries 1000000` takes a minute. Refuses a database
that holds people.

Asks for each page through the whole program, in rounds, and prints median and worst of the best round: what other
programs on the machine take is not counted. A download is timed up to its first line. ``processor`` is that of program
and database together; 0.0 where the database is on another machine. The exit status is 1 when a page takes longer than
`GOAL_MS` or is not there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from contextlib import nullcontext

import django

GOAL_MS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cluster", default="", help="folder of a PostgreSQL server that is kept")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--organisations", type=int, default=2_000)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=5, help="of each page in a round")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    parser.add_argument("--explain", action="store_true", help="print the plans of statements that take over 20 ms")
    chosen = parser.parse_args()
    from benchmarks.large_cluster import running

    with running(chosen.cluster) if chosen.cluster else nullcontext():
        slow = _measure_all(chosen)
    print(f"{slow} pages take longer than {GOAL_MS} ms" if slow else f"every page stays below {GOAL_MS} ms")
    sys.exit(1 if slow else 0)


def _measure_all(chosen: argparse.Namespace) -> int:
    _set_up()
    from benchmarks import large_data
    from benchmarks.large_pages import pages

    start = time.perf_counter()
    if large_data.fill(chosen.people, chosen.organisations, chosen.entries):
        print(f"filled in {time.perf_counter() - start:.0f} s, {large_data.size()}\n")
    slow = 0
    for who, client in _workers().items():
        print(f"{who:<66}   median      worst  processor  statements")
        for page in pages(who):
            if chosen.only in page.name:
                slow += _is_slow(client, page, chosen)
        print()
    return slow


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
    from tests.pages import signed_in

    bound = User.objects.get(email=BOUND)
    bound.groups.add(Group.objects.get(name="Organisatiebeheer"), Group.objects.get(name="Support eigen organisatie"))
    people = {"superuser": User.objects.get(email=BOSS), "bound to the largest organisation": bound}
    return {who: signed_in(person) for who, person in people.items()}


def _is_slow(client, page, chosen: argparse.Namespace) -> bool:
    """Print one line; is it slower than the goal, or not there?"""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.conftest import prove

    prove(client)
    with CaptureQueriesContext(connection) as captured:
        status = page.ask(client)
        statements = list(captured)
    if status not in page.expected:
        print(f"{page.name:<66} answers with status {status}")
        return True
    rounds = [_round(client, page, chosen.runs) for _ in range(chosen.rounds)]
    middle, worst, processor = map(min, zip(*rounds, strict=True))
    slow = "  SLOW" if worst > GOAL_MS else ""
    print(
        f"{page.name:<66} {middle:6.1f} ms  {worst:6.1f} ms  {processor:6.1f} ms {len(statements):5}{slow}", flush=True
    )
    if chosen.explain:
        _explain(statements)
    return bool(slow)


def _round(client, page, runs: int) -> tuple[float, float, float]:
    """Median, worst, and the mean of the processor time, each in milliseconds."""
    from benchmarks import processor_time

    times, before = [], processor_time.of_both()
    for _ in range(runs):
        start = time.perf_counter()
        page.ask(client)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), max(times), (processor_time.of_both() - before) * 1000 / runs


def _explain(statements: list[dict[str, str]]) -> None:
    from django.db import connection

    for one in statements:
        if float(one["time"]) > 0.02 and one["sql"].startswith(("SELECT", "(SELECT")):
            print(f"    {float(one['time']) * 1000:.0f} ms: {one['sql']}")
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + one["sql"].replace("%", "%%"), [])
                print("\n".join(f"        {line}" for (line,) in cursor.fetchall()))


if __name__ == "__main__":
    main()
