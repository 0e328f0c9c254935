"""Indexes for the last mails of a person and for those that were given up, made beside the running portal."""

from django.db import migrations, models
from django.db.models import Q

from accounts.migrations._concurrently import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("mail", "0003_person_without_constraint")]

    operations = [
        AddIndexConcurrently(
            model_name="outgoingmail",
            index=models.Index(fields=["person", "created_at"], name="mail_of_person"),
        ),
        AddIndexConcurrently(
            model_name="outgoingmail",
            index=models.Index(fields=["ended_at"], name="mail_given_up", condition=Q(state="given_up")),
        ),
    ]
