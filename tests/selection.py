"""Marks on every test, by which `tests/run.sh` chooses what each database has to run.

browser    drives a real browser
database   asks for the database; the others give the same answer on any
sqlite     can answer otherwise on SQLite than on PostgreSQL: it commits in several threads, which meet each other's
           locks, or its file is in `SQL`; that every page opens on SQLite too is what the browser tests show
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from django.test import TransactionTestCase

ROOT = Path(__file__).resolve().parent.parent
QUICK = (ROOT / "tests" / "quick.txt").read_text().split()
# Where the program has SQL of its own (prepared queries, the search of the audit trail, raw statements), takes tasks,
# leaves order or letters to the database, or locks and counts rows. What a flow decides, records and mails is the same
# on any database.
SQL = (
    "tests/accounts/active_sessions/test_lifetime.py",
    "tests/accounts/active_sessions/test_store.py",
    "tests/accounts/audit/test_activity.py",
    "tests/accounts/audit/test_attacks_trail.py",
    "tests/accounts/audit/test_chain.py",
    "tests/accounts/audit/test_chain_head.py",
    "tests/accounts/audit/test_sealing.py",
    "tests/accounts/audit/test_search.py",
    "tests/accounts/audit_pages/test_filters.py",
    "tests/accounts/audit_pages/test_scope.py",
    "tests/accounts/background",
    "tests/accounts/mfa_policy/test_progress.py",
    "tests/accounts/support/desk/test_find.py",
    "tests/accounts/test_commands.py",
    "tests/accounts/test_prefix_search.py",
    "tests/accounts/test_prepared_queries.py",
    "tests/accounts/test_secret_key_change.py",
    "tests/accounts/throttling",
    "tests/accounts/two_factor/test_rotation.py",
    "tests/accounts/two_factor/test_verification.py",
    "tests/assetmaps/test_collation.py",
    "tests/assetmaps/test_deletion.py",
    "tests/assetmaps/test_outages.py",
    "tests/environments/people/test_list.py",
    "tests/environments/people/test_scope.py",
    "tests/environments/test_order.py",
    "tests/environments/test_overview.py",
)
# What a test, or a function of its file that it calls, names when it runs things beside each other.
BESIDE_EACH_OTHER = frozenset({"at_once", "Barrier", "Thread", "ThreadPoolExecutor", "threading"})
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
        "sqlite": path.startswith(SQL) or (commits and _runs_beside_itself(getattr(item, "function", None))),
    }
    return [name for name, is_so in found.items() if is_so]


def _runs_beside_itself(test: Callable[..., Any] | None) -> bool:
    """Looks through the functions of its own file."""
    waiting, seen = [test], set()
    while waiting:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or function in seen or function.__module__ != test.__module__:
            continue
        seen.add(function)
        names = _names(function.__code__)
        if names & BESIDE_EACH_OTHER:
            return True
        waiting += [function.__globals__.get(name) for name in names]
    return False


@cache
def _names(code: CodeType) -> frozenset[str]:
    inside = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return frozenset(code.co_names).union(*map(_names, inside))


def missing() -> list[str]:
    """Paths of the lists above that are no longer there."""
    return [path for path in (*QUICK, *SQL, IN_BROWSERS, *LONG, *ON_THE_DATABASE) if not (ROOT / path).exists()]
