import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.two_factor.sealed


class Migration(migrations.Migration):

    dependencies = [
        ('two_factor', '0009_fewer_locks_of_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UsedChallenge',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('used_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='PasskeyHandle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('handle', models.BinaryField(max_length=64, unique=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='passkey_handle', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='FormerPasskey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64)),
                ('why', models.CharField(choices=[('replaced', 'Replaced'), ('removed', 'Removed'), ('unfinished', 'Unfinished'), ('disowned', 'Disowned')], max_length=10)),
                ('credential_id', models.BinaryField()),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('sealed_key', models.BinaryField()),
                ('sign_count', models.BigIntegerField(default=0, editable=False)),
                ('backup_eligible', models.BooleanField(default=False, editable=False)),
                ('backed_up', models.BooleanField(default=False, editable=False)),
                ('aaguid', models.CharField(blank=True, default='', editable=False, max_length=36)),
                ('transports', models.JSONField(default=list, editable=False)),
                ('created_at', models.DateTimeField(editable=False, null=True)),
                ('last_used_at', models.DateTimeField(editable=False, null=True)),
                ('ended_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('linked_in', models.BigIntegerField(editable=False, null=True)),
                ('ended_in', models.BigIntegerField(editable=False, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            bases=(accounts.two_factor.sealed.CredentialMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Passkey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='The date and time when this device was initially created in the system.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='The most recent date and time this device was used.', null=True)),
                ('credential_id', models.BinaryField()),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('sealed_key', models.BinaryField()),
                ('sign_count', models.BigIntegerField(db_default=0, default=0, editable=False)),
                ('backup_eligible', models.BooleanField(db_default=False, default=False, editable=False)),
                ('backed_up', models.BooleanField(db_default=False, default=False, editable=False)),
                ('aaguid', models.CharField(blank=True, db_default='', default='', editable=False, max_length=36)),
                ('transports', models.JSONField(default=list, editable=False)),
                ('linked_in', models.BigIntegerField(editable=False, null=True)),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'passkey',
                'verbose_name_plural': 'passkeys',
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('confirmed', True)), name='passkeys_are_confirmed')],
            },
            bases=(accounts.two_factor.sealed.CredentialMixin, models.Model),
        ),
    ]
