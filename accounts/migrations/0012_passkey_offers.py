from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_members_by_address'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='no_passkey_offers',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
