from django.db import migrations


def keep_present_ones(apps, schema_editor):
    Environment = apps.get_model("environments", "Environment")
    ShortName = apps.get_model("organisations", "ShortName")
    rows = Environment.objects.order_by("pk").values_list("pk", "slug")
    names = [ShortName(kind="environment", slug=slug.lower(), owner=pk) for pk, slug in rows]
    ShortName.objects.bulk_create(names, ignore_conflicts=True, batch_size=1000)


class Migration(migrations.Migration):

    dependencies = [("environments", "0005_new_address"), ("organisations", "0006_short_names")]

    operations = [migrations.RunPython(keep_present_ones, migrations.RunPython.noop)]
