"""Triggers of the copies in the row of a person that lock it only where a copy changes, and that do not depend on the
order in which rows arrive; see `accounts.organisations.copies`.

An app that is not confirmed yet changes no copy. Each statement is a transaction of its own, so none waits for one table
while it holds another, and the new triggers are there before the earlier one goes.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAKE = [
    """CREATE TRIGGER confirmed_app_added AFTER INSERT ON two_factor_authenticator FOR EACH ROW
        WHEN (NEW.confirmed) EXECUTE FUNCTION copied_row_changed()""",
    """CREATE TRIGGER confirmed_app_removed AFTER DELETE ON two_factor_authenticator FOR EACH ROW
        WHEN (OLD.confirmed) EXECUTE FUNCTION copied_row_changed()""",
    """CREATE TRIGGER app_changed AFTER UPDATE OF user_id, confirmed ON two_factor_authenticator FOR EACH ROW
        WHEN (OLD.confirmed <> NEW.confirmed OR OLD.user_id <> NEW.user_id) EXECUTE FUNCTION copied_row_changed()""",
    "DROP TRIGGER copied_to_person ON two_factor_authenticator",
    # A person who is stored after their membership, as by a program that moves data between databases.
    """CREATE TRIGGER copies_of_new BEFORE INSERT ON accounts_user FOR EACH ROW EXECUTE FUNCTION keep_copies()""",
    # `keep_copies` sets what is so.
    """CREATE FUNCTION copied_table_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE accounts_user SET organisation_key = NULL, is_protected = FALSE
        WHERE organisation_key IS NOT NULL OR is_protected;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER copied_table_emptied AFTER TRUNCATE ON organisations_membership
        FOR EACH STATEMENT EXECUTE FUNCTION copied_table_emptied()""",
    """CREATE TRIGGER copied_table_emptied AFTER TRUNCATE ON two_factor_authenticator
        FOR EACH STATEMENT EXECUTE FUNCTION copied_table_emptied()""",
]
REMOVE = [
    "DROP TRIGGER copied_table_emptied ON two_factor_authenticator",
    "DROP TRIGGER copied_table_emptied ON organisations_membership",
    "DROP FUNCTION copied_table_emptied()",
    "DROP TRIGGER copies_of_new ON accounts_user",
    """CREATE TRIGGER copied_to_person AFTER INSERT OR DELETE OR UPDATE OF user_id, confirmed
        ON two_factor_authenticator FOR EACH ROW EXECUTE FUNCTION copied_row_changed()""",
    "DROP TRIGGER app_changed ON two_factor_authenticator",
    "DROP TRIGGER confirmed_app_removed ON two_factor_authenticator",
    "DROP TRIGGER confirmed_app_added ON two_factor_authenticator",
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

    dependencies = [("two_factor", "0008_defaults_for_earlier_code")]

    operations = [migrations.RunPython(make, remove)]
