from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0007_organisation_logo")]

    operations = [
        migrations.AddField(
            model_name="access",
            name="guest_of",
            field=models.BigIntegerField(editable=False, null=True),
        ),
    ]
