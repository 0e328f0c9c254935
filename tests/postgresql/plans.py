"""How PostgreSQL answers a statement."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db import connection


def plan(sql: str) -> dict:
    """The topmost node, with what it really read."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}".replace("%", "%%"), [])
        (found,) = cursor.fetchone()
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def nodes(top: dict) -> Iterator[dict]:
    yield top
    for below in top.get("Plans", ()):
        yield from nodes(below)
