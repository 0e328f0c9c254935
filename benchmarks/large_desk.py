"""What lies beside people and audit entries in a large portal: the support desk, single sign-on, lists of people, daily
counts, reminders, sessions and the history of the administration."""

from __future__ import annotations

from benchmarks.large_data import BOSS, BOUND, BUSY, IN_ORDER, insert

PREVIEWED, CONFIRMED = "voorbeeld", "uitgevoerd"
ISSUER = "https://login.voorbeeld.nl/"
MANY = "veel.omgevingen@groot.nl"
ENVIRONMENTS = 2_000  # of one person
NOW = "now() - {} * interval '1 {}'".format


def is_filled() -> bool:
    from accounts.models import User

    return User.objects.filter(email=MANY).exists()


def import_of(name: str) -> int:
    from environments.people.models import PeopleImport

    return PeopleImport.objects.get(reference=name).pk


def fill(cursor) -> None:
    _desk(cursor)
    _business_accounts(cursor)
    _second_step(cursor)
    _lists_of_people(cursor)
    _use(cursor)
    _many_environments(cursor)


def _key(email: str) -> str:
    return f"(SELECT id FROM accounts_user WHERE email = '{email}')"


def _desk(cursor) -> None:
    from accounts.audit.models import AuditEntry
    from accounts.support.models import HelpRequest, Intervention, Report

    asked = {
        "user_id": "u.id",
        "reference": "to_char(u.id % 10000000, 'FM000\"-\"0000')",
        "asked_at": NOW("(u.id / 5)", "minute"),
    }
    insert(cursor, HelpRequest, asked, "accounts_user u WHERE u.id % 5 = 0 AND u.id <= 100000")
    receipt = "'S-' || to_char(u.id, 'FM0000000')"
    intervention = {
        "kind": "(ARRAY['bridge_code', 'reset', 'lift_wait', 'end_sessions'])[1 + u.id % 4]",
        "receipt": receipt,
        "subject_id": "u.id",
        "worker_id": _key(BUSY),
        "reason": "'telefoon kwijt'",
        "state": "CASE WHEN u.id <= 2000 THEN 'waiting' ELSE 'done' END",
        "asked_at": NOW("(u.id / 5)", "minute"),
        "done_at": f"CASE WHEN u.id > 2000 THEN {NOW('(u.id / 5)', 'minute')} END",
    }
    insert(cursor, Intervention, intervention, "accounts_user u WHERE u.id % 5 = 0 AND u.id <= 200000")
    entry = {
        "at": NOW("(u.id / 5)", "minute"),
        "event": "'intervention_asked'",
        "subject_id": "u.id",
        "subject_name": "u.email",
        "actor_id": _key(BUSY),
        "actor_name": f"'{BUSY}'",
        "organisation_id": "m.organisation_id",
        "detail": f"jsonb_build_object('receipt', {receipt})",
    }
    members = "accounts_user u JOIN organisations_membership m ON m.user_id = u.id"
    insert(cursor, AuditEntry, entry, f"{members} WHERE u.id % 5 = 0 AND u.id <= 200000")
    report = {
        "user_id": "u.id",
        "entry_id": "u.id",
        "reported_at": NOW("u.id", "minute"),
        "looked_at": f"CASE WHEN u.id > 2000 THEN {NOW('u.id', 'minute')} END",
        "looked_by_id": f"CASE WHEN u.id > 2000 THEN {_key(BUSY)} END",
    }
    insert(cursor, Report, report, "accounts_user u WHERE u.id % 10 = 0 AND u.id <= 50000")


def _business_accounts(cursor) -> None:
    """Half of the organisations have a provider; a fifth of the largest has its second step there."""
    from accounts.sso.models import Connection, Identity

    connection = {
        "organisation_id": "o.id",
        "issuer": f"'{ISSUER}'",
        "client_id": "'assetmaps'",
        "enabled": "true",
        "vouching": "'acr'",
        "vouching_value": "'hoog'",
        "worked_at": "now()",
        "changed_at": "now()",
        "break_glass_id": f"CASE WHEN o.name = 'Gemeente 0001' THEN {_key(BOUND)} END",
    }
    insert(cursor, Connection, connection, "organisations_organisation o WHERE o.id % 2 = 1 OR o.name LIKE '%0001'")
    identity = {
        "organisation_id": "m.organisation_id",
        "issuer": f"'{ISSUER}'",
        "subject": "'sub' || m.user_id",
        "user_id": "m.user_id",
    }
    insert(cursor, Identity, identity, "organisations_membership m WHERE m.user_id % 50 = 0")


def _second_step(cursor) -> None:
    from accounts.mfa_policy.models import Reminder, Snapshot

    snapshot = {
        "organisation_id": "m.organisation_id",
        "day": "current_date - n",
        "people": "m.people",
        "protected": "m.people * (300 - n) / 1000",
    }
    counted = "(SELECT organisation_id, count(*) AS people FROM organisations_membership GROUP BY 1) m"
    insert(cursor, Snapshot, snapshot, f"{counted}, generate_series(0, 89) n")
    reminder = {
        "user_id": "m.user_id",
        "organisation_id": "m.organisation_id",
        "required_from": "current_date + ahead",
        "days_before": "30",
        "sent_at": "now()",
    }
    insert(
        cursor, Reminder, reminder, "organisations_membership m, unnest(ARRAY[14, 30]) ahead WHERE m.user_id % 4 = 0"
    )


def _lists_of_people(cursor) -> None:
    """Two of 5,000 lines, and many that others made."""
    from environments.people.models import ImportLine, PeopleImport

    given = {
        "organisation_id": "(SELECT min(id) FROM organisations_organisation)",
        "made_by_id": _key(BOUND),
        "reference": "name",
        "confirmed_at": f"CASE WHEN name = '{CONFIRMED}' THEN now() END",
        "finished_at": f"CASE WHEN name = '{CONFIRMED}' THEN now() END",
    }
    insert(cursor, PeopleImport, given, f"unnest(ARRAY['{PREVIEWED}', '{CONFIRMED}']) name")
    others = given | {
        "organisation_id": "o.id",
        "made_by_id": _key(BOSS),
        "reference": "'van anderen'",
        "confirmed_at": "now()",
        "finished_at": "now()",
    }
    insert(cursor, PeopleImport, others, "organisations_organisation o WHERE o.id % 20 = 0")
    line = {
        "batch_id": "i.id",
        "number": "n",
        "address": "'persoon' || n || '@voorbeeld.nl'",
        "first_name": "'Anna'",
        "last_name": "'Bakker'",
        "state": f"CASE WHEN n % 100 = 0 THEN 'wrong' WHEN i.reference = '{PREVIEWED}' THEN 'new' ELSE 'done' END",
        "why": "CASE WHEN n % 100 = 0 THEN 'elsewhere' ELSE '' END",
    }
    insert(cursor, ImportLine, line, "people_peopleimport i, generate_series(1, 5000) n")


def _use(cursor) -> None:
    """Sessions, counters of wrong attempts, and what Django's administration notes of each change."""
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    from accounts.active_sessions.models import Session
    from accounts.models import User
    from accounts.throttling.models import AttemptCounter

    session = {
        "digest": "md5(u.id::text) || md5((-u.id)::text)",
        "data": "repeat('x', 300)",
        "user_id": "u.id",
        "signed_in": "true",
        "started_at": "now()",
        "seen_at": "now()",
        "expires_at": "now() + interval '7 days'",
    }
    insert(cursor, Session, session, "accounts_user u WHERE u.id % 5 = 0")
    counter = {"subject": "'user:' || u.id", "kind": "'password'", "failures": "1", "changed_at": "now()"}
    insert(cursor, AttemptCounter, counter, "accounts_user u WHERE u.id % 3 = 0")
    noted = {
        "action_time": NOW("u.id", "second"),
        "user_id": _key(BOSS),
        "content_type_id": str(ContentType.objects.get_for_model(User).pk),
        "object_id": "u.id::text",
        "object_repr": "u.email",
        "action_flag": "2",
        "change_message": "'[]'",
    }
    insert(cursor, LogEntry, noted, "accounts_user u")


def _many_environments(cursor) -> None:
    from environments.models import Access
    from tests.factories import UserFactory

    many = UserFactory(email=MANY, with_totp=True)
    mine = f"(SELECT * FROM environments_environment ORDER BY id LIMIT {ENVIRONMENTS}) e"
    given = {"user_id": str(many.pk), "environment_id": "e.id", "known_host": "'kaart.voorbeeld.nl'", **IN_ORDER}
    insert(cursor, Access, given, mine)
