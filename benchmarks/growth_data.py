"""Fills the SQLite database of our side with a crowd, beside the people that visit:
`python -m benchmarks.growth_data PEOPLE`.

Everybody has an authenticator app, recovery codes, counters and an audit entry; one in ten is signed in.
"""

from __future__ import annotations

import os
import sys

import django


def main() -> None:
    django.setup()
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size=-500000")  # 500 MB, for this connection
        with transaction.atomic():
            _people(cursor, int(sys.argv[1]))
        with transaction.atomic():
            _what_they_left(cursor)
        _newest_entries()
        cursor.execute("ANALYZE")


def _newest_entries() -> None:
    """As many real ones as a sealing looks at: it can seal none of those that were filled, and would try each time."""
    from django.conf import settings

    from accounts import limits
    from accounts.audit import chain
    from accounts.audit.events import Event
    from accounts.audit.origin import CONSOLE
    from accounts.audit.recording import record_many
    from accounts.models import User

    settings.AUDIT_SEAL_AFTER_COMMIT = False  # not in a thread as well
    somebody = User.objects.order_by("pk")[0]
    for _ in range(limits.SEAL_LOOK_BACK // limits.SEAL_BATCH + 1):
        record_many(Event.SIGNED_IN, [(somebody, {})] * limits.SEAL_BATCH, origin=CONSOLE)
    chain.seal()


def _people(cursor, count: int) -> None:
    from accounts.models import User
    from accounts.organisations.models import Membership, Organisation
    from benchmarks.large_data import insert
    from environments.models import Access, Environment

    numbers = f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"
    organisations = max(1, count // 500)
    names = "'Gemeente ' || n"
    given = {"name": names, "name_key": f"lower({names})", "slug": "'gemeente-' || n"}
    insert(cursor, Organisation, given, f"{numbers} WHERE n <= {organisations}")
    first = Organisation.objects.order_by("pk").last().pk - organisations
    person = {
        "password": "'nothing$$geheim'",
        "last_login": "datetime('now', -(n % 400) || ' days')",
        "email": "'iemand' || n || '@voorbeeld.nl'",
        "first_name": "'Anna'",
        "first_name_key": "'anna'",
        "last_name": "'Bakker'",
        "last_name_key": "'bakker'",
        "date_joined": "datetime('now', '-500 days')",
    }
    insert(cursor, User, person, numbers)
    belongs = f"{first} + 1 + u.id % {organisations}"
    crowd = "accounts_user u WHERE u.email LIKE 'iemand%'"
    insert(cursor, Membership, {"user_id": "u.id", "organisation_id": belongs}, crowd)
    environment = {
        "organisation_id": "o.id",
        "name": "'Kaart van ' || o.name",
        "name_key": "lower('Kaart van ' || o.name)",
        "slug": "'kaart-' || o.id",
        "address": "'https://kaart.voorbeeld.nl/'",
    }
    insert(cursor, Environment, environment, f"organisations_organisation o WHERE o.id > {first}")
    may_open = f"""organisations_membership m JOIN environments_environment e ON e.organisation_id = m.organisation_id
        WHERE m.organisation_id > {first}"""
    insert(cursor, Access, {"user_id": "m.user_id", "environment_id": "e.id"}, may_open)


def _what_they_left(cursor) -> None:
    from accounts.active_sessions.models import Session
    from accounts.audit.models import AuditEntry
    from accounts.throttling.models import AttemptCounter
    from accounts.throttling.rules import Kind
    from accounts.two_factor.models import Authenticator, RecoveryCodeSet
    from benchmarks.large_data import insert

    crowd, now = "accounts_user u WHERE u.email LIKE 'iemand%'", "datetime('now')"
    device = {"user_id": "u.id", "name": "'Telefoon'", "confirmed": "true", "created_at": now}
    insert(cursor, Authenticator, device | {"sealed_secret": f"x'{os.urandom(57).hex()}'"}, crowd)
    insert(cursor, RecoveryCodeSet, device | {"salt": "randomblob(16)", "asked_at": now}, crowd)
    for kind in (Kind.PASSWORD, Kind.CODE):
        counter = {"subject": "'user:' || u.id", "kind": f"'{kind.value}'", "changed_at": now}
        insert(cursor, AttemptCounter, counter, crowd)
    entry = {"event": "'signed_in'", "subject_id": "u.id", "subject_name": "u.email", "actor_id": "u.id"}
    insert(cursor, AuditEntry, entry | {"at": now, "detail": "'{}'"}, crowd)
    session = {
        "digest": "lower(hex(randomblob(32)))",
        "data": "hex(randomblob(300))",
        "user_id": "u.id",
        "signed_in": "true",
        "started_at": now,
        "seen_at": now,
        "expires_at": "datetime('now', '12 hours')",
    }
    insert(cursor, Session, session, f"{crowd} AND u.id % 10 = 0")


if __name__ == "__main__":
    main()
