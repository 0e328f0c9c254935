from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisations', '0008_defaults_for_earlier_code'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='passkey_for',
            field=models.CharField(choices=[('nobody', 'nobody'), ('staff', 'administrators and support'), ('everybody', 'everybody')], db_default='nobody', default='nobody', editable=False, max_length=10, verbose_name='passkey required of'),
        ),
        migrations.AddField(
            model_name='organisation',
            name='passkey_from',
            field=models.DateField(editable=False, null=True, verbose_name='passkey required from'),
        ),
        migrations.AddConstraint(
            model_name='organisation',
            constraint=models.CheckConstraint(condition=models.Q(('passkey_for', 'nobody'), ('passkey_from__isnull', False), _connector='OR'), name='passkey_has_a_first_day'),
        ),
        migrations.CreateModel(
            name='StaffPolicy',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('passkey_from', models.DateField(null=True, verbose_name='passkey required from')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_staff_policy')],
            },
        ),
    ]
