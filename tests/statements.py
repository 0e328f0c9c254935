"""The statements of a request, as texts that a test can list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# They touch no table.
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
FORM = re.compile(r'(SELECT|INSERT|UPDATE|DELETE)\b.*?(?:FROM|INTO|UPDATE) ?"(\w+)"', re.DOTALL)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Filled at the end with what each statement does, in order: "SELECT accounts_user"."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    texts = (query["sql"] for query in captured)
    found += [in_short(text) for text in texts if not text.startswith(CONTROL)]


def in_short(text: str) -> str:
    """The kind of a statement and its first table, not one of a query within it."""
    while (outer := re.sub(r"\([^()]*\)", "", text)) != text:
        text = outer
    shape = FORM.match(text.replace('UPDATE "', 'UPDATE UPDATE "', 1) if text.startswith("UPDATE") else text)
    assert shape, text
    return f"{shape[1]} {shape[2]}"
