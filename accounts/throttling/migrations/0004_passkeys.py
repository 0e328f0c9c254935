from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('throttling', '0003_networks_that_wait'),
    ]

    operations = [
        migrations.AlterField(
            model_name='attemptcounter',
            name='kind',
            field=models.CharField(choices=[('password', 'password'), ('code', 'code'), ('recovery_code', 'recovery_code'), ('passkey', 'passkey')], max_length=20),
        ),
    ]
