"""Fills the copies that the tiles of a person are sorted by, and makes their indexes beside the running portal."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.migrations._concurrently import AddIndexConcurrently
from environments.name_order import by_name

BATCH = 5000


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A batch a transaction, so that nobody who opens an environment waits long for its row."""
    access = apps.get_model("environments", "Access").objects
    for environment in apps.get_model("environments", "Environment").objects.order_by("pk").iterator():
        copies = {"owner": environment.organisation_id, "order_key": by_name(environment.name)}
        theirs = access.filter(environment=environment, order_key=None)
        while batch := list(theirs.values_list("pk", flat=True)[:BATCH]):
            access.filter(pk__in=batch).update(**copies)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("environments", "0012_order_of_tiles")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="access",
            index=models.Index(fields=["user", "owner", "is_favourite", "order_key", "id"], name="tiles_in_order"),
        ),
        AddIndexConcurrently(
            model_name="access",
            index=models.Index(
                condition=models.Q(("opened_at__isnull", False)),
                fields=["user", "-opened_at"],
                name="tiles_last_opened",
            ),
        ),
    ]
