"""What PostgreSQL copies by triggers, so that large organisations are counted in one index.

- `User.organisation_key`: the organisation of the membership.
- `User.is_protected`: whether a confirmed authenticator app exists.
- `Access.guest_of`: the organisation of a member who can open an environment of another one; otherwise null.

The triggers (`two_factor/migrations/0007`, `environments/migrations/0009`) lock the row of the person before they look,
so the copies are exact in each transaction that sees the change, whoever writes: a decision may depend on them
(`tests/accounts/organisations/test_copies.py`). SQLite has no such triggers: a later change of a table there would lose
them or fail on them. Its portals are small, and every question is answered by the rows themselves.
"""

from __future__ import annotations

from django.db import connection


def are_exact() -> bool:
    """May the copies be read instead of the rows that they are of?"""
    return connection.vendor == "postgresql"
