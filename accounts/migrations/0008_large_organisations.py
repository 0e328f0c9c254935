"""Copy everybody's organisation, a batch a transaction, and make the indexes for large organisations beside the running
portal."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.migrations._concurrently import AddIndexConcurrently

BATCH = 1000


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    memberships = apps.get_model("organisations", "Membership").objects
    theirs = memberships.filter(user=models.OuterRef("pk")).values("organisation_id")
    people, last = apps.get_model("accounts", "User").objects, 0
    while batch := list(memberships.filter(user__gt=last).order_by("user").values_list("user", flat=True)[:BATCH]):
        people.filter(pk__in=batch, organisation_key=None).update(organisation_key=models.Subquery(theirs))
        last = batch[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0007_organisation_key"), ("organisations", "0004_members")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(condition=models.Q(("is_superuser", True)), fields=["id"], name="people_superusers"),
        ),
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(
                fields=["organisation_key", "email", "id", "is_active", "is_staff", "last_login"],
                name="people_of_an_organisation",
            ),
        ),
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(
                condition=models.Q(("password__startswith", "!")),
                fields=["organisation_key", "id"],
                name="people_without_password",
            ),
        ),
    ]
