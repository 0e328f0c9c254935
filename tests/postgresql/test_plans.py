"""No page of the administration reads everybody or the whole audit trail.

The pages are those of `benchmarks.large`, on data of the same kind and a fiftieth of the size, with lists that count as
much less far. Each statement of theirs is explained. Sequential scans and merge joins, which read all of a small table
rather than look a few rows up, are made expensive: where one is left no index serves. How long the pages take with a
million people: `python -m benchmarks.large`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import AutoField
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.models import User
from benchmarks import large_data, large_pages
from benchmarks.large_pages import ALL, pages
from tests.conftest import prove
from tests.pages import signed_in
from tests.postgresql.plans import plan

PEOPLE, ORGANISATIONS, ENTRIES = 20_000, 40, 40_000
MOST = 8_000  # rows: the largest organisation has 2,000 people, 6,000 of all have a device, and a list counts to 500
# An export counts what it is about to read, a command all people.
READ_EVERYTHING = ("people: first line of the export", "audit: first line of the export", "command: ")
# The newest access in an organisation: PostgreSQL goes back from the newest of all until a page is full, or gathers it
# by environment, as its statistics of the day have it; both are quick.
EITHER_WAY = "access: of an organisation"
LARGE = {"accounts_user", "audit_auditentry", "organisations_membership", "environments_access", "mail_outgoingmail"}
GATHERING = ("Sort", "Hash", "Materialize", "Incremental Sort")  # nodes that hold rows


@pytest.fixture
def large_portal(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COUNTED_PEOPLE", 500)
    monkeypatch.setattr(limits, "ORGANISATIONS_PAGE", 5)
    monkeypatch.setattr(large_pages, "NEW_LINES", 50)
    monkeypatch.setattr(large_pages, "KNOWN_LINES", 50)
    with connection.cursor() as cursor:
        _number_from_one(cursor)
        large_data.fill_tables(cursor, PEOPLE, ORGANISATIONS, ENTRIES, with_indexes=True)
        cursor.execute("ANALYZE")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")


def _number_from_one(cursor: CursorWrapper) -> None:
    """The data refers to people and environments by their numbers, and earlier tests have used some. Ends with the
    transaction."""
    for model in apps.get_models():
        key = model._meta.pk
        if isinstance(key, AutoField) and model._meta.managed and not model._base_manager.exists():
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" ALTER COLUMN "{key.column}" RESTART WITH 1')


@pytest.mark.parametrize("who", [ALL, "bound"])
def test_no_page_reads_whole_tables(large_portal: None, who: str) -> None:
    worker = User.objects.get(email=large_data.BOSS if who == ALL else large_data.BOUND)
    if who != ALL:
        worker.groups.set(Group.objects.filter(name__in=["Organisatiebeheer", "Support eigen organisatie"]))
    client = signed_in(worker)
    seen: set[str] = set()
    faults = []
    for page in pages(who):
        if page.name.startswith(READ_EVERYTHING) or page.name == EITHER_WAY:
            continue
        prove(client)
        with CaptureQueriesContext(connection) as captured:
            page.ask(client)
        for sql in _new(captured, seen):
            faults += [f"{page.name}: {fault}\n  {sql[:600]}" for fault in _faults_of(sql)]
    assert not faults, "\n".join(faults)


def _new(captured: CaptureQueriesContext, seen: set[str]) -> Iterator[str]:
    """The statements that read, each once; those with other values are explained too when the page is another one."""
    for query in captured:
        sql = query["sql"]
        shape = re.sub(r"\d+", "0", sql)
        if sql.startswith(("SELECT", "(SELECT")) and shape not in seen:
            seen.add(shape)
            yield sql


def _faults_of(sql: str) -> list[str]:
    """Of the plan; and where it has some, of the one without hash joins, which are cheap in tables of this size."""
    if not (found := list(_faults(plan(sql)))):
        return []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_hashjoin = off")
        otherwise = list(_faults(plan(sql)))
        cursor.execute("SET LOCAL enable_hashjoin = on")
    return found if otherwise else []


def _faults(node: dict) -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name", "")
    rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    if table in LARGE and kind == "Seq Scan":
        yield f"sequential scan of {table}"
    elif table in LARGE and rows > MOST:
        yield f"{kind} reads {rows} rows of {table}"
    elif kind in GATHERING and rows > MOST:
        yield f"{kind} of {rows} rows"
    for below in node.get("Plans", ()):
        yield from _faults(below)
