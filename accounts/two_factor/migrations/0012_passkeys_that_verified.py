from django.db import migrations, models


def note_used(apps, schema_editor):
    """Until now every use verified the user, and so did every registration that somebody asked for. Which were not
    asked for is not known, so an unused passkey verifies its user once more."""
    for name in ("Passkey", "FormerPasskey"):
        apps.get_model("two_factor", name).objects.filter(last_used_at__isnull=False).update(has_verified=True)


class Migration(migrations.Migration):

    dependencies = [
        ('two_factor', '0011_passkeys_copied_to_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='passkey',
            name='has_verified',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='formerpasskey',
            name='has_verified',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunPython(note_used, migrations.RunPython.noop),
    ]
