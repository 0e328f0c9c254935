"""Triggers of `Access.guest_of` that cannot deadlock, and that do not depend on the order in which rows arrive.

A change of a membership locks the person and then their access; a move of an environment locks the environment and then
the access to it, by person. Where the two meet they wait at the one row of access, and whoever comes second sees what the
first stored. So only access that is new, which nobody else can see yet, needs locks of both. Earlier, an update of a row
locked both as well, and each of the two held what the other waited for.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAKE = [
    """CREATE OR REPLACE FUNCTION set_guest_of() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' OR NEW.user_id <> OLD.user_id OR NEW.environment_id <> OLD.environment_id THEN
            PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR SHARE;
            PERFORM 1 FROM environments_environment WHERE id = NEW.environment_id FOR SHARE;
        END IF;
        NEW.guest_of := (SELECT m.organisation_id FROM organisations_membership m, environments_environment e
            WHERE m.user_id = NEW.user_id AND e.id = NEW.environment_id AND e.organisation_id <> m.organisation_id);
        RETURN NEW;
    END $$""",
    # By person: people who change at the same moment are locked in that order too (`memberships.join`).
    """CREATE OR REPLACE FUNCTION environment_moved() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM environments_access WHERE environment_id = NEW.id ORDER BY user_id FOR NO KEY UPDATE;
        UPDATE environments_access SET guest_of = NULL WHERE environment_id = NEW.id;
        RETURN NULL;
    END $$""",
    # An environment that is stored after the access to it, as by a program that moves data between databases.
    """CREATE TRIGGER environment_added AFTER INSERT ON environments_environment FOR EACH ROW
        EXECUTE FUNCTION environment_moved()""",
    """CREATE FUNCTION memberships_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE environments_access SET guest_of = NULL WHERE guest_of IS NOT NULL;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER memberships_emptied AFTER TRUNCATE ON organisations_membership
        FOR EACH STATEMENT EXECUTE FUNCTION memberships_emptied()""",
]
# The two functions of the migration before may stay as they are: their triggers work with either.
REMOVE = [
    "DROP TRIGGER memberships_emptied ON organisations_membership",
    "DROP FUNCTION memberships_emptied()",
    "DROP TRIGGER environment_added ON environments_environment",
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

    dependencies = [("environments", "0010_defaults_for_earlier_code")]

    operations = [migrations.RunPython(make, remove)]
