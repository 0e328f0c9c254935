from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_counter_a_purpose'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='organisation_key',
            field=models.BigIntegerField(editable=False, null=True),
        ),
    ]
