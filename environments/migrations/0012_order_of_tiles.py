from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0011_guests_without_deadlocks")]

    operations = [
        migrations.AddField(
            model_name="access",
            name="owner",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="access",
            name="order_key",
            field=models.BinaryField(editable=False, null=True),
        ),
    ]
