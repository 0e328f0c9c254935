"""The index of the people of an organisation with what their overview counts, made beside the running portal."""

from django.db import migrations, models

from accounts.migrations._concurrently import AddIndexConcurrently, RemoveIndexConcurrently

COLUMNS = ["organisation_key", "email", "id", "is_active", "is_staff", "last_login", "is_protected"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0010_protected_people"), ("two_factor", "0007_copied_to_people")]

    operations = [
        AddIndexConcurrently(model_name="user", index=models.Index(fields=COLUMNS, name="members_by_address")),
        RemoveIndexConcurrently(model_name="user", name="people_of_an_organisation"),
    ]
