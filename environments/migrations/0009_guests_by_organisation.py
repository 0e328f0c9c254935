"""Triggers that keep `Access.guest_of` exact, whoever writes (see `accounts.organisations.copies`), and the indexes of
large lists, made beside the running portal."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, OuterRef, Subquery

from accounts.migrations._concurrently import AddIndexConcurrently

BATCH = 1000
# The rows of person and environment are locked first, each in a statement of its own: the next one then sees what a
# parallel transaction stored that had them locked. An update of `guest_of` always sets what is so.
MAKE = """
CREATE FUNCTION set_guest_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR SHARE;
    PERFORM 1 FROM environments_environment WHERE id = NEW.environment_id FOR SHARE;
    NEW.guest_of := (SELECT m.organisation_id FROM organisations_membership m, environments_environment e
        WHERE m.user_id = NEW.user_id AND e.id = NEW.environment_id AND e.organisation_id <> m.organisation_id);
    RETURN NEW;
END $$;

CREATE FUNCTION member_is_guest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM 1 FROM accounts_user WHERE id = OLD.user_id FOR NO KEY UPDATE;
        UPDATE environments_access SET guest_of = NULL WHERE user_id = OLD.user_id;
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.user_id <> OLD.user_id) THEN
        PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
        UPDATE environments_access SET guest_of = NULL WHERE user_id = NEW.user_id;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION environment_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE environments_access SET guest_of = NULL WHERE environment_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER set_guest_of BEFORE INSERT OR UPDATE OF user_id, environment_id, guest_of
    ON environments_access FOR EACH ROW EXECUTE FUNCTION set_guest_of();
CREATE TRIGGER member_is_guest AFTER INSERT OR DELETE OR UPDATE OF user_id, organisation_id
    ON organisations_membership FOR EACH ROW EXECUTE FUNCTION member_is_guest();
CREATE TRIGGER environment_moved AFTER UPDATE OF organisation_id ON environments_environment FOR EACH ROW
    WHEN (OLD.organisation_id <> NEW.organisation_id) EXECUTE FUNCTION environment_moved();
"""
REMOVE = """
DROP TRIGGER environment_moved ON environments_environment;
DROP TRIGGER member_is_guest ON organisations_membership;
DROP TRIGGER set_guest_of ON environments_access;
DROP FUNCTION environment_moved(), member_is_guest(), set_guest_of();
"""


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(MAKE, None)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REMOVE, None)


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """After the triggers, a batch a transaction; where there are none, nothing reads the copies."""
    if schema_editor.connection.vendor != "postgresql":
        return
    rows, last = apps.get_model("environments", "Access").objects, 0
    memberships = apps.get_model("organisations", "Membership").objects.filter(user=OuterRef("user"))
    guests = rows.annotate(whose=Subquery(memberships.values("organisation_id")))
    guests = guests.exclude(whose=None).exclude(whose=F("environment__organisation")).order_by("pk")
    while batch := list(guests.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        rows.filter(pk__in=batch).update(guest_of=None)  # the trigger sets what is so at that moment
        last = batch[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("environments", "0008_guests"),
        ("organisations", "0004_members"),
        ("accounts", "0010_protected_people"),
    ]

    operations = [
        migrations.RunPython(make, remove),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="access",
            index=models.Index(
                condition=models.Q(("guest_of__isnull", False)), fields=["guest_of"], name="access_of_guests"
            ),
        ),
        AddIndexConcurrently(
            model_name="access",
            index=models.Index(fields=["environment", "-id"], name="access_to_an_environment"),
        ),
    ]
