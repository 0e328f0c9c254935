from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_history_of_the_administration")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_protected",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
