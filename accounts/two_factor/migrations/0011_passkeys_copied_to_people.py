"""A passkey protects somebody as a confirmed app does; see `accounts.organisations.copies`.

The functions that `0007` made are replaced; `0009` says why each statement is a transaction of its own. A passkey is
always confirmed, and code of before knows none, so what it writes stays right.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

APP = "EXISTS (SELECT 1 FROM two_factor_authenticator a WHERE a.user_id = {person} AND a.confirmed)"
APP_OR_PASSKEY = f"({APP} OR EXISTS (SELECT 1 FROM two_factor_passkey p WHERE p.user_id = {{person}}))"
COPY = """
CREATE OR REPLACE FUNCTION copy_to_person(person bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_user WHERE id = person FOR NO KEY UPDATE;
    UPDATE accounts_user u SET
        organisation_key = (SELECT m.organisation_id FROM organisations_membership m WHERE m.user_id = u.id),
        is_protected = {protected}
    WHERE id = person;
END $$"""
KEEP = """
CREATE OR REPLACE FUNCTION keep_copies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.organisation_key := (SELECT m.organisation_id FROM organisations_membership m WHERE m.user_id = NEW.id);
    NEW.is_protected := {protected};
    RETURN NEW;
END $$"""


def functions(protected: str) -> list[str]:
    return [
        COPY.format(protected=protected.format(person="u.id")),
        KEEP.format(protected=protected.format(person="NEW.id")),
    ]


MAKE = [
    *functions(APP_OR_PASSKEY),
    """CREATE TRIGGER passkey_added_or_removed AFTER INSERT OR DELETE ON two_factor_passkey FOR EACH ROW
        EXECUTE FUNCTION copied_row_changed()""",
    """CREATE TRIGGER passkey_changed AFTER UPDATE OF user_id ON two_factor_passkey FOR EACH ROW
        WHEN (OLD.user_id <> NEW.user_id) EXECUTE FUNCTION copied_row_changed()""",
    """CREATE TRIGGER copied_table_emptied AFTER TRUNCATE ON two_factor_passkey
        FOR EACH STATEMENT EXECUTE FUNCTION copied_table_emptied()""",
]
REMOVE = [
    "DROP TRIGGER copied_table_emptied ON two_factor_passkey",
    "DROP TRIGGER passkey_changed ON two_factor_passkey",
    "DROP TRIGGER passkey_added_or_removed ON two_factor_passkey",
    *functions(APP),
    # Whoever has a passkey only; the trigger sets what is so.
    """UPDATE accounts_user SET is_protected = FALSE WHERE is_protected
        AND id IN (SELECT user_id FROM two_factor_passkey)""",
]


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in MAKE:
            schema_editor.execute(statement, None)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in REMOVE:
            schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("two_factor", "0010_passkeys")]

    operations = [migrations.RunPython(make, remove)]
