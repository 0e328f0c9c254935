from django.db import migrations, models


def keep_present_ones(apps, schema_editor):
    Organisation = apps.get_model("organisations", "Organisation")
    ShortName = apps.get_model("organisations", "ShortName")
    rows = Organisation.objects.order_by("pk").values_list("pk", "slug")
    names = [ShortName(kind="organisation", slug=slug.lower(), owner=pk) for pk, slug in rows]
    ShortName.objects.bulk_create(names, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [("organisations", "0005_search_keys")]

    operations = [
        migrations.CreateModel(
            name="ShortName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("organisation", "Organisation"), ("environment", "Environment")], max_length=12),
                ),
                ("slug", models.CharField(max_length=80)),
                ("owner", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "slug"), name="one_owner_a_short_name")],
            },
        ),
        migrations.RunPython(keep_present_ones, migrations.RunPython.noop),
    ]
