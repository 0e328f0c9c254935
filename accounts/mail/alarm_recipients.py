"""Who gets a mail about an alarm: active superusers, and the address in `ALARM_EMAIL`."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User


def alarm_recipients() -> list[User]:
    """Superusers first; for `ALARM_EMAIL` an unsaved `User` with nothing but that address."""
    recipients = list(User.objects.filter(is_superuser=True, is_active=True))
    if settings.ALARM_EMAIL.lower() not in {recipient.email.lower() for recipient in recipients}:
        recipients.append(User(email=settings.ALARM_EMAIL))
    return recipients
