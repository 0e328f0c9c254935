"""Every address against every role, from one table (ASVS 8.1.1, 8.2.1)."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from django.conf import settings

from tests import roles

TABLE = Path(settings.BASE_DIR) / "docs" / "roles.md"


def told() -> dict[str, tuple[str, ...]]:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| `")]
    rows = [re.split(r" \| ", line.removeprefix("| ").removesuffix(" |")) for line in lines]
    return {cells[0].strip("`"): tuple(cells[1:]) for cells in rows}


def row(route: str, answers: tuple[str, ...]) -> str:
    return f"| `{route}` | " + " | ".join(answers) + " |"


# ASVS 8.1.1, 8.2.1, 8.3.1
@pytest.mark.django_db
def test_every_address_lets_in_whom_the_table_says_and_nobody_else(request: pytest.FixtureRequest) -> None:
    logging.disable(logging.WARNING)  # hundreds of refusals that nobody reads
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    found, table = roles.found(), told()
    wrong = [row(route, answers) for route, answers in found.items() if table.get(route) != answers]
    assert wrong == [], "docs/roles.md does not say this:\n" + "\n".join(wrong)
    assert set(table) == set(found), "docs/roles.md has rows for addresses that are gone"
