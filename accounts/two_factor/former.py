"""Authenticator apps that count no more: what is kept of them, and for how long."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from accounts import limits
from accounts.models import User
from accounts.two_factor.models import Authenticator, FormerAuthenticator, Why


def retire(found: QuerySet[Authenticator], why: Why) -> int:
    """Delete these apps, and keep their sealed secrets for a while to name their codes. Returns how many.

    Call inside a transaction that holds the row of the person.
    """
    devices = list(found)
    # A set-up in the place of one of these goes with it.
    devices += Authenticator.objects.filter(replaces__in=devices).exclude(pk__in=[device.pk for device in devices])
    FormerAuthenticator.objects.bulk_create(
        FormerAuthenticator(
            user_id=device.user_id,
            name=device.name,
            why=why if device.confirmed else Why.UNFINISHED,
            sealed_secret=device.sealed_secret,
        )
        for device in devices
    )
    Authenticator.objects.filter(pk__in=[device.pk for device in devices]).delete()
    for user_id in {device.user_id for device in devices}:
        _keep_newest(user_id)
    return len(devices)


def _keep_newest(user_id: int) -> None:
    """Keep so many of one person: whoever begins a set-up again and again leaves no more."""
    mine = FormerAuthenticator.objects.filter(user=user_id).order_by("-ended_at", "-pk")
    FormerAuthenticator.objects.filter(
        pk__in=list(mine.values_list("pk", flat=True)[limits.FORMER_AUTHENTICATORS :])
    ).delete()


def of(user: User) -> list[FormerAuthenticator]:
    """The newest first."""
    since = timezone.now() - limits.FORMER_AUTHENTICATOR_KEPT
    mine = FormerAuthenticator.objects.filter(user=user, ended_at__gt=since)
    return list(mine.order_by("-ended_at", "-pk")[: limits.FORMER_AUTHENTICATORS])


def purge() -> int:
    """Delete what was kept long enough. Returns how many."""
    since = timezone.now() - limits.FORMER_AUTHENTICATOR_KEPT
    return FormerAuthenticator.objects.filter(ended_at__lte=since).delete()[0]
