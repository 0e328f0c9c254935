from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.organisations.models import Organisation


class Reminder(models.Model):
    """One mail about one requirement to one person. The constraint prevents a second one."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="reminders"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="reminders"
    )
    required_from = models.DateField(_("required from"), db_index=True)
    days_before = models.PositiveSmallIntegerField()  # one of `limits.REMINDER_DAYS`
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        # Whether and to whom a mail of one requirement was sent, for the page that asks before it is saved.
        indexes = [models.Index(fields=["organisation", "required_from", "days_before"], name="reminders_sent")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "required_from", "days_before"], name="one_reminder_a_person_and_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.days_before} days before {self.required_from}"


class PasskeyReminder(models.Model):
    """One mail about a passkey that is required from a day on, to one person. The constraint prevents a second one."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="+"
    )
    required_from = models.DateField(_("required from"), db_index=True)
    days_before = models.PositiveSmallIntegerField()  # one of `limits.REMINDER_DAYS`
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "required_from", "days_before"], name="one_passkey_reminder_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.days_before} days before {self.required_from}"


class Snapshot(models.Model):
    """How many people of an organisation had a second factor on a day."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="snapshots"
    )
    day = models.DateField(db_index=True)
    people = models.PositiveIntegerField()
    protected = models.PositiveIntegerField()  # those with a second factor

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["organisation", "day"], name="one_snapshot_a_day")]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.day}: {self.protected} of {self.people}"
