"""Who hears of an alarm by mail: active superusers, and the address in `ALARM_EMAIL`."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User


def watchers() -> list[User]:
    """A mail to each of them; the last may be an address without a person."""
    found = list(User.objects.filter(is_superuser=True, is_active=True))
    if settings.ALARM_EMAIL.lower() not in {watcher.email.lower() for watcher in found}:
        found.append(User(email=settings.ALARM_EMAIL))
    return found
