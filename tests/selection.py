"""Marks on every test, by which `tests/run.sh` chooses what each database has to run.

browser    drives a real browser
database   asks for the database; the others give the same answer on any
sqlite     can answer otherwise on SQLite than on PostgreSQL: it commits, locks, searches, sorts, counts statements or
           migrates; that every page opens on SQLite too is what the browser tests show
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import TransactionTestCase

ROOT = Path(__file__).resolve().parent.parent
QUICK = (ROOT / "tests" / "quick.txt").read_text().split()
# Beside the tests that commit: where the program has SQL of its own, or leaves order and letters to the database.
SQL = (
    "tests/accounts/active_sessions",
    "tests/accounts/audit",
    "tests/accounts/edit_conflicts",
    "tests/accounts/mfa_policy/test_progress.py",
    "tests/accounts/passwords/test_attacks_earlier_hashes.py",
    "tests/accounts/passwords/test_links.py",
    "tests/accounts/sso/test_backchannel_rate_limits.py",
    "tests/accounts/support/desk/test_find.py",
    "tests/accounts/test_admin.py",
    "tests/accounts/test_commands.py",
    "tests/accounts/test_prefix_search.py",
    "tests/accounts/test_secret_key_change.py",
    "tests/accounts/throttling",
    "tests/accounts/two_factor/test_rotation.py",
    "tests/accounts/two_factor/test_verification.py",
    "tests/assetmaps/test_collation.py",
    "tests/assetmaps/test_deletion.py",
    "tests/environments/people/test_list.py",
    "tests/environments/people/test_scope.py",
    "tests/environments/test_order.py",
    "tests/environments/test_overview.py",
)
IN_BROWSERS = "tests/browser"
# With tests of 10 seconds and more: they begin first, so that no worker has a long one when the others have none left.
LONG = (
    "tests/browser/test_accessibility.py",
    "tests/assetmaps/test_every_address.py",
    "tests/outbound/test_silent_provider.py",
    "tests/test_roles.py",
)
# These ask the database from processes of their own.
ON_THE_DATABASE = ("tests/postgresql/", "tests/serving/test_health_under_load.py")


def mark(items: list[pytest.Item]) -> None:
    for item in items:
        for name in _marks(item, item.path.relative_to(ROOT).as_posix()):
            item.add_marker(name)


def longest_first(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.relative_to(ROOT).as_posix().startswith(LONG))


def _marks(item: pytest.Item, path: str) -> list[str]:
    asked = item.get_closest_marker("django_db")
    fixtures = set(getattr(item, "fixturenames", ()))
    commits = (asked is not None and bool(asked.kwargs.get("transaction"))) or "transactional_db" in fixtures
    django_case = isinstance(getattr(item, "cls", None), type) and issubclass(item.cls, TransactionTestCase)
    asks = asked is not None or django_case or bool(fixtures & {"db", "transactional_db"})
    found = {
        "browser": path.startswith(f"{IN_BROWSERS}/"),
        "database": asks or path.startswith(ON_THE_DATABASE),
        "sqlite": commits or path.startswith(SQL),
    }
    return [name for name, is_so in found.items() if is_so]


def missing() -> list[str]:
    """Paths of the lists above that are no longer there."""
    return [path for path in (*QUICK, *SQL, IN_BROWSERS, *LONG, *ON_THE_DATABASE) if not (ROOT / path).exists()]
