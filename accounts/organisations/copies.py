"""What PostgreSQL copies by triggers, so that large organisations are counted in one index.

- `User.organisation_key`: the organisation of the membership.
- `User.is_protected`: whether a confirmed authenticator app exists.
- `Access.guest_of`: the organisation of a member who can open an environment of another one; otherwise null.

The triggers (`two_factor/migrations/0007` and `0009`, `environments/migrations/0009` and `0011`) lock a row before they
look, so the copies are exact in each transaction that sees the change, whoever writes and in whatever order rows arrive
(`tests/postgresql/test_copies.py`). They are for lists, counts and settings of an organisation. What one person may do,
and how they sign in, is asked of the rows. SQLite has no such triggers: a later change of a table there would lose them
or fail on them. Its portals are small, and every question is answered by the rows themselves.

Order of locks: people by primary key, then access by person. A transaction that locks rows of several people takes them
in that order; whoever moves an environment has its row first, and then the access to it.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery

from accounts.models import User
from accounts.organisations.models import Membership

BATCH = 1000  # rows that are restored in one transaction


def are_exact() -> bool:
    """May the copies be read instead of the rows that they are of?"""
    return connection.vendor == "postgresql"


def restore_guests() -> int:
    """Store `Access.guest_of` anew where it disagrees, for example after rows were stored with triggers switched off.
    Returns the number of rows; 0 where there are no triggers, because nothing reads it there."""
    if not are_exact():
        return 0
    # By the relation's name: the package of environments is in a higher layer.
    access: Any = User._meta.get_field("access").related_model
    theirs = Membership.objects.filter(user=OuterRef("user")).values("organisation_id")
    rows = access.objects.annotate(whose=Subquery(theirs))
    is_guest = Q(whose__isnull=False) & ~Q(whose=F("environment__organisation"))
    missed = rows.filter(is_guest).filter(Q(guest_of=None) | ~Q(guest_of=F("whose")))
    stale = rows.filter(guest_of__isnull=False).exclude(is_guest)
    wrong = sorted({pk for some in (missed, stale) for pk in some.order_by().values_list("pk", flat=True)})
    for first in range(0, len(wrong), BATCH):
        # The trigger sets what is so at that moment.
        access.objects.filter(pk__in=wrong[first : first + BATCH]).update(guest_of=None)
    return len(wrong)
