"""A page of Mijn Omgevingen reads what it shows, however many environments somebody may open.

Scans that read all of a small table, or gather rows before they sort them, are made expensive: where one is left no
index serves.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import limits
from accounts.models import User
from environments import tiles
from environments.models import Access, Environment
from tests.environments.test_tile_pages import filled
from tests.factories import UserFactory
from tests.postgresql.plans import nodes, plan

pytestmark = pytest.mark.django_db

MANY = 2000
READ = ("Index Only Scan", "Index Scan")


@pytest.mark.parametrize("owners", [1, 40])
def test_pages_of_2000_environments_read_no_more_than_they_show(owners: int) -> None:
    person = filled(MANY, owners, 5, 300)
    for _ in range(3):  # who may open the same
        other = UserFactory()
        Access.objects.bulk_create(Access(user=other, environment=one) for one in Environment.objects.all())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        for kind in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{kind} = off")
    # Not the last ones: PostgreSQL goes past everything before them either way, and may sort the keys.
    faults = [fault for number in (1, 2, 9) for fault in _faults(person, number)]
    assert not faults, "\n".join(faults)


def _faults(person: User, number: int) -> Iterator[str]:
    with CaptureQueriesContext(connection) as captured:
        tiles.overview(person, "", number)
    assert len(captured) <= 8
    for query in captured:
        for node in nodes(plan(query["sql"])):
            kind, table, rows = node["Node Type"], node.get("Relation Name"), node["Actual Rows"] * node["Actual Loops"]
            if "Sort" in kind and rows > limits.ENVIRONMENTS_PAGE + 1:
                yield f"page {number}: {kind} of {rows} rows\n  {query['sql']}"
            if table == "environments_environment" and rows > limits.ENVIRONMENTS_PAGE + 1:
                yield f"page {number}: reads {rows} environments\n  {query['sql']}"
            if table == "environments_access" and kind not in READ:
                yield f"page {number}: {kind} of access\n  {query['sql']}"
