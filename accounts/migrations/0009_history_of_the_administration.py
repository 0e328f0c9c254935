"""An index for the page "History" of Django's administration, whose table has none for the object that it is about. Not
a part of Django's model, so it is made here."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAME = "admin_log_of_an_object"


def _beside(schema_editor: BaseDatabaseSchemaEditor) -> str:
    return "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    columns = "django_admin_log (object_id, content_type_id)"
    schema_editor.execute(f"CREATE INDEX {_beside(schema_editor)} {NAME} ON {columns}")


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(f"DROP INDEX {_beside(schema_editor)} {NAME}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0008_large_organisations"), ("admin", "0003_logentry_add_action_flag_choices")]

    operations = [migrations.RunPython(make, remove)]
