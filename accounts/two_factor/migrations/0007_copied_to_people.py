"""Triggers that keep the copies in the row of a person exact, whoever writes; see `accounts.organisations.copies`."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BATCH = 1000
# The row of the person is locked first, in a statement of its own: the next one then sees what a parallel transaction
# stored that had it locked.
MAKE = """
CREATE FUNCTION copy_to_person(person bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_user WHERE id = person FOR NO KEY UPDATE;
    UPDATE accounts_user u SET
        organisation_key = (SELECT m.organisation_id FROM organisations_membership m WHERE m.user_id = u.id),
        is_protected = EXISTS (SELECT 1 FROM two_factor_authenticator a WHERE a.user_id = u.id AND a.confirmed)
    WHERE id = person;
END $$;

CREATE FUNCTION copied_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM copy_to_person(OLD.user_id); END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.user_id <> OLD.user_id) THEN
        PERFORM copy_to_person(NEW.user_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION keep_copies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.organisation_key := (SELECT m.organisation_id FROM organisations_membership m WHERE m.user_id = NEW.id);
    NEW.is_protected := EXISTS (SELECT 1 FROM two_factor_authenticator a WHERE a.user_id = NEW.id AND a.confirmed);
    RETURN NEW;
END $$;

CREATE TRIGGER copied_to_person AFTER INSERT OR DELETE OR UPDATE OF user_id, organisation_id
    ON organisations_membership FOR EACH ROW EXECUTE FUNCTION copied_row_changed();
CREATE TRIGGER copied_to_person AFTER INSERT OR DELETE OR UPDATE OF user_id, confirmed
    ON two_factor_authenticator FOR EACH ROW EXECUTE FUNCTION copied_row_changed();
-- An object that was read before a change, and is saved as a whole after it, does not put the earlier copies back.
CREATE TRIGGER keep_copies BEFORE UPDATE OF organisation_key, is_protected ON accounts_user FOR EACH ROW
    WHEN (OLD.organisation_key IS DISTINCT FROM NEW.organisation_key OR OLD.is_protected <> NEW.is_protected)
    EXECUTE FUNCTION keep_copies();
"""
REMOVE = """
DROP TRIGGER keep_copies ON accounts_user;
DROP TRIGGER copied_to_person ON two_factor_authenticator;
DROP TRIGGER copied_to_person ON organisations_membership;
DROP FUNCTION keep_copies(), copied_row_changed(), copy_to_person(bigint);
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
    people, last = apps.get_model("accounts", "User").objects, 0
    confirmed = apps.get_model("two_factor", "Authenticator").objects.filter(confirmed=True, user=models.OuterRef("pk"))
    wrong = people.filter(models.Exists(confirmed), is_protected=False).order_by("pk")
    while batch := list(wrong.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        people.filter(pk__in=batch).update(is_protected=True)  # the trigger sets what is so at that moment
        last = batch[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("two_factor", "0006_large_organisations"),
        ("accounts", "0010_protected_people"),
        ("organisations", "0004_members"),
    ]

    operations = [migrations.RunPython(make, remove), migrations.RunPython(fill, migrations.RunPython.noop)]
