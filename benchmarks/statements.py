"""Middleware that only the settings of the benchmark add: how many statements an answer took, in its headers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection

HEADER = "X-Statements"
TEXTS = "X-Statement-Texts"
# They touch no table.
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
WRITES = ("INSERT", "UPDATE", "DELETE")
# What says least in a list of statements: columns and values.
_COLUMNS = re.compile(r"(?<=^SELECT) .*?(?= FROM )|(?<= SET) .*(?= WHERE )|(?<= )\(.*VALUES.*", re.DOTALL)


@dataclass
class Counter:
    """Counts what goes to the database, and lets it pass."""

    every: int = 0
    writes: int = 0
    texts: str = ""

    def __call__(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(CONTROL):
            self.every += 1
            self.writes += sql.startswith(WRITES)
            self.texts += f"{_COLUMNS.sub(' ...', sql)[:200]}|".replace("\n", " ")
        return execute(sql, parameters, many, context)


def counting(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        counter = Counter()
        with connection.execute_wrapper(counter):
            response = get_response(request)
        response[HEADER] = f"{counter.every} {counter.writes}"
        response[TEXTS] = counter.texts
        return response

    return middleware
