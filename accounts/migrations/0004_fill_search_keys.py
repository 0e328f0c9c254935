"""Fill the search keys of everybody, and store names in their composed form (NFC), a batch a transaction."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.unicode_text import folded, normalise

BATCH = 1000


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    people, last = apps.get_model("accounts", "User").objects.order_by("pk"), 0
    while batch := list(people.filter(pk__gt=last).only("first_name", "last_name")[:BATCH]):
        for person in batch:
            person.first_name, person.last_name = (normalise("NFC", x) for x in (person.first_name, person.last_name))
            person.first_name_key, person.last_name_key = folded(person.first_name), folded(person.last_name)
        people.bulk_update(batch, ["first_name", "last_name", "first_name_key", "last_name_key"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0003_search_keys")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
