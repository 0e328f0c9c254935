"""A large portal, filled by statements on whole sets: one organisation with a tenth of the people, many small ones.

Everything follows from the numbers of the rows, so that two runs fill the same.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

BOSS, BOUND, BUSY = "baas@groot.nl", "beheer@groot.nl", "drukke.support@groot.nl"
RARE = "second_step_reset"
LAST = ["Bakker", "Jansen", "de Vries", "van den Berg", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters"]
FIRST = ["Anna", "Bram", "Carla", "Daan", "Eva", "Fleur", "Gijs", "Hanna", "Imre", "Joris", "Karin", "Lars", "Mila"]
CHUNK = 1_000_000
IN_ORDER = {"owner": "e.organisation_id", "order_key": "convert_to(e.name_key, 'UTF8')"}  # of access to environment e
# (event, succeeded, of a hundred thousand entries, detail)
EVENTS = [
    ("signed_in", True, 40_000, '{"factor": "totp"}'),
    ("environment_opened", True, 30_000, '{"environment": "kaart"}'),
    ("signed_out", True, 11_200, "{}"),
    ("password_refused", False, 9_000, '{"factor": "password", "cause": "wrong"}'),
    ("code_refused", False, 5_000, '{"factor": "totp", "cause": "clock_off", "minutes_off": -4}'),
    ("identity_confirmed", True, 3_000, "{}"),
    ("person_looked_up", True, 1_000, "{}"),
    ("second_step_activated", True, 400, '{"factor": "totp", "name": "Telefoon"}'),
    ("address_changed", True, 300, ""),
    ("invited", True, 95, "{}"),
    (RARE, True, 4, '{"receipt": "S-4F7K-29QD"}'),
    ("reported_not_me", True, 1, "{}"),
]


def name_of(number: int) -> str:
    return f"Gemeente {number:04}"


def _is_filled() -> bool:
    from accounts.models import User

    if User.objects.filter(email=BOSS).exists():
        return True
    if User.objects.exists():
        sys.exit("This database holds people that this program did not put there. Nothing was changed.")
    return False


def size() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return cursor.fetchone()[0]


def fill(people: int, organisations: int, entries: int) -> bool:
    """Fill the database, or what an earlier run left out. False when it was filled already."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        is_new = fill_tables(cursor, people, organisations, entries)
        if is_new:
            cursor.execute("VACUUM ANALYZE")
    return is_new


def fill_tables(cursor, people: int, organisations: int, entries: int, *, with_indexes: bool = False) -> bool:
    """The same without statistics, which the caller makes. ``with_indexes``: leave the indexes as they are, for a
    transaction, which could not use those that it made."""
    from accounts.organisations import memberships
    from accounts.two_factor import devices
    from benchmarks import large_desk, large_passkeys

    cursor.execute("SET session_replication_role = replica")  # without looking up each foreign key
    is_new = not _is_filled()
    if is_new:
        _fill(cursor, people, organisations, entries, with_indexes)
    if not large_desk.is_filled():
        large_desk.fill(cursor)
        is_new = True
    if not large_passkeys.is_filled():
        large_passkeys.fill(cursor)
        is_new = True
    cursor.execute("SET session_replication_role = DEFAULT")
    if is_new:  # of the people who work in the administration
        memberships.restore_keys()
        devices.restore_copies()
    return is_new


def _fill(cursor, people: int, organisations: int, entries: int, with_indexes: bool) -> None:
    from accounts.audit.models import AuditEntry
    from accounts.models import User
    from tests.factories import UserFactory

    indexes = [] if with_indexes else _without_indexes(cursor, User._meta.db_table)
    _the_portal(cursor, people, organisations)
    _workers()
    indexes += [] if with_indexes else _without_indexes(cursor, AuditEntry._meta.db_table)
    for first in range(1, entries + 1, CHUNK):
        print(f"filling audit entries from {first:,}", flush=True)
        _entries(cursor, first, min(first + CHUNK - 1, entries), entries)
    for index in indexes:
        print("making", index.split(" ON ")[0][-45:], flush=True)
        cursor.execute(index)
    UserFactory(email=BOSS, superuser=True, with_totp=True)  # last: tells that it is filled


def insert(cursor, model, given: dict[str, str], source: str) -> None:
    """Fill a table from a set: ``given`` says what a column gets, in SQL; any other column gets its default."""
    from django.db import connection
    from django.db.models.expressions import DatabaseDefault

    columns, values = {}, []
    for field in model._meta.concrete_fields:
        if field.column in given:
            columns[field.column] = given[field.column].replace("%", "%%")
        elif not field.primary_key and not isinstance(field.get_default(), DatabaseDefault):
            columns[field.column] = "%s"
            values.append(field.get_db_prep_save(field.get_default(), connection))
    names, wanted = ", ".join(f'"{column}"' for column in columns), ", ".join(columns.values())
    print(f"filling {model._meta.verbose_name_plural}", flush=True)
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({names}) SELECT {wanted} FROM {source.replace('%', '%%')}", values
    )


def _list(texts: list[str]) -> str:
    return "(ARRAY[" + ", ".join(f"'{text}'" for text in texts) + "])"


def _the_portal(cursor, people: int, organisations: int) -> None:
    from accounts.mail.models import OutgoingMail
    from accounts.models import User
    from accounts.organisations.models import Membership, Organisation
    from accounts.two_factor.models import Authenticator, Passkey
    from accounts.unicode_text import folded
    from environments.models import Access, Environment
    from tests.factories import _HASH

    organisation = {"name": "'Gemeente ' || to_char(n, 'FM0000')", "slug": "'gemeente-' || n"}
    organisation["name_key"] = f"lower({organisation['name']})"
    insert(cursor, Organisation, organisation, f"generate_series(1, {organisations}) n")
    person = {
        "password": f"CASE WHEN k % 20 = 0 THEN '!' ELSE '{_HASH}' END",
        "last_login": "CASE WHEN k % 5 > 0 THEN now() - k % 400 * interval '1 day' END",
        "email": "'persoon' || n || '@voorbeeld.nl'",
        "first_name": f"{_list(FIRST)}[1 + n % {len(FIRST)}]",
        "last_name": f"{_list(LAST)}[1 + n % {len(LAST)}]",
        "first_name_key": f"{_list([folded(one) for one in FIRST])}[1 + n % {len(FIRST)}]",
        "last_name_key": f"{_list([folded(one) for one in LAST])}[1 + n % {len(LAST)}]",
        "is_active": "k % 50 > 0",
        "is_staff": "n % 5000 = 1",
        "date_joined": "now() - (n % 1500 + 400) * interval '1 day'",
    }
    # Every tenth is of the largest organisation: there the tenth of the number decides, so that it has all kinds.
    numbers = (
        f"(SELECT n, CASE WHEN n % 10 = 0 THEN n / 10 ELSE n END AS k FROM generate_series(1, {people}) n) numbers"
    )
    insert(cursor, User, person, numbers)
    # A tenth in the first; the square lets the others differ a hundredfold.
    share = f"1 + floor({organisations - 1} * power({_chance('u.id')}, 2))::int"
    member = {"user_id": "u.id", "organisation_id": f"o.first + CASE WHEN u.id % 10 = 0 THEN 0 ELSE {share} END"}
    insert(cursor, Membership, member, "accounts_user u, (SELECT min(id) AS first FROM organisations_organisation) o")
    environment = {
        "organisation_id": "o.id",
        "name": "'Kaart ' || n || ' van ' || o.name",
        "name_key": "lower('Kaart ' || n || ' van ' || o.name)",
        "slug": "'kaart-' || n || '-' || o.id",
        "address": "'https://kaart.voorbeeld.nl/'",
    }
    insert(cursor, Environment, environment, "organisations_organisation o, generate_series(1, 2) n")
    may_open = """organisations_membership m JOIN environments_environment e
        ON e.organisation_id = m.organisation_id AND (m.user_id % 2 = 0 OR e.name LIKE 'Kaart 1%')"""
    insert(cursor, Access, {"user_id": "m.user_id", "environment_id": "e.id", **IN_ORDER}, may_open)
    device = {
        "user_id": "u.id",
        "name": "'Telefoon'",
        "confirmed": "true",
        "created_at": "now() - interval '90 days'",
        "last_used_at": "now() - u.id % 90 * interval '1 day'",
        "sealed_secret": f"'\\x{os.urandom(57).hex()}'::bytea",
    }
    kind = "CASE WHEN u.id % 10 = 0 THEN u.id / 10 ELSE u.id END"
    insert(cursor, Authenticator, device, f"accounts_user u WHERE ({kind}) % 10 < 3")
    mail = {
        "person_id": "1 + n % (SELECT count(*) FROM accounts_user)",
        "template": "'help_asked'",
        "state": "CASE WHEN n % 500 = 0 THEN 'given_up' ELSE 'sent' END",
        "created_at": "now() - n % 2592000 * interval '1 second'",
        "ended_at": "now() - n % 2592000 * interval '1 second'",
    }
    insert(cursor, OutgoingMail, mail, f"generate_series(1, {people}) n")
    passkey = {
        "user_id": "u.id",
        "name": "'Laptop'",
        "confirmed": "true",
        "created_at": "now() - interval '30 days'",
        "credential_id": f"'\\x{os.urandom(32).hex()}'::bytea",
        "digest": "md5(u.id::text) || md5('second ' || u.id::text)",  # any text that differs
        "sealed_key": f"'\\x{os.urandom(120).hex()}'::bytea",
    }
    insert(cursor, Passkey, passkey, f"accounts_user u WHERE ({kind}) % 40 IN (0, 3)")  # half of them without an app
    # What the triggers would have copied.
    cursor.execute("""UPDATE accounts_user u SET organisation_key = m.organisation_id,
        is_protected = EXISTS (SELECT 1 FROM two_factor_authenticator a WHERE a.user_id = u.id AND a.confirmed)
            OR EXISTS (SELECT 1 FROM two_factor_passkey p WHERE p.user_id = u.id)
        FROM organisations_membership m WHERE m.user_id = u.id""")


def _workers() -> None:
    from accounts.organisations.models import Organisation
    from tests.factories import UserFactory

    UserFactory(email=BUSY, staff=True, in_support=True, with_totp=True)
    UserFactory(email=BOUND, staff=True, with_totp=True, organisation=Organisation.objects.order_by("pk").first())


def _chance(of: str, salt: int = 0) -> str:
    """A number from 0 up to 1 that follows from a whole one."""
    return f"((hashint8({of} + {salt}) & 2147483647) / 2147483648.0)"


def _event(column: int) -> str:
    """The column of EVENTS that falls to entry n."""
    text, reached = "CASE", 0
    for event in EVENTS:
        reached += event[2]
        value = event[column]
        text += f" WHEN c.chance * 100000 < {reached} THEN {value if isinstance(value, bool) else repr(value)}"
    return f"{text} END"


def _entries(cursor, first: int, last: int, total: int) -> None:
    """Two years of entries, in the order of time; some people are busier than others."""
    from accounts.audit.models import AuditEntry
    from accounts.models import User

    people = User.objects.filter(email__startswith="persoon").count()
    busy = User.objects.get(email=BUSY).pk
    event = _event(0)
    by_worker = f"({event}) IN ('person_looked_up', 'address_changed', 'invited', '{RARE}')"
    entry = {
        "at": f"now() - ({total} - c.n) * interval '{timedelta(days=730).total_seconds() / total} seconds'",
        "event": event,
        "succeeded": _event(1),
        "detail": f"CASE WHEN ({event}) = 'address_changed' THEN "
        f"jsonb_build_object('before', 'vroeger' || c.n || '@voorbeeld.nl') ELSE ({_event(3)})::jsonb END",
        "subject_id": "u.id",
        "subject_name": "u.email",
        "actor_id": f"CASE WHEN {by_worker} THEN {busy} ELSE u.id END",
        "actor_name": f"CASE WHEN {by_worker} THEN '{BUSY}' ELSE u.email END",
        "organisation_id": "m.organisation_id",
        "address": "('10.' || c.n % 200 || '.' || c.n % 250 || '.7')::inet",
        "browser": "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0'",
        "reference": "'ABCDE-FGHJK'",
    }
    who = f"1 + floor({people} * power({_chance('n', 10**12)}, 1.5))::bigint"
    source = f"""(SELECT n, {_chance("n")} AS chance, {who} AS who FROM generate_series({first}, {last}) n OFFSET 0) c
        JOIN accounts_user u ON u.id = c.who LEFT JOIN organisations_membership m ON m.user_id = u.id ORDER BY c.n"""
    insert(cursor, AuditEntry, entry, source)


def _without_indexes(cursor, table: str) -> list[str]:
    """Drop the indexes that are no constraint, and return what makes them again: filling goes several times faster."""
    cursor.execute(
        """SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = %s
        AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)""",
        [table],
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition in found]
