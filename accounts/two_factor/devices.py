"""Every question about "which devices has this person?"."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import limits
from accounts.models import User
from accounts.two_factor.models import Authenticator


def authenticator_of(user: User) -> Authenticator | None:
    """The confirmed authenticator app, if there is one."""
    return Authenticator.objects.filter(user=user, confirmed=True).order_by("pk").first()


def has_confirmed_device(user: User) -> bool:
    return Authenticator.objects.filter(user=user, confirmed=True).exists()


def confirmed_device_exists() -> Exists:
    """`has_confirmed_device` as an expression for a query over people."""
    return Exists(Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True))


def pending_authenticator_of(user: User) -> Authenticator | None:
    """The set-up in progress, if it is not older than `limits.PENDING_AUTHENTICATOR`."""
    fresh = timezone.now() - limits.PENDING_AUTHENTICATOR
    return Authenticator.objects.filter(user=user, confirmed=False, created_at__gt=fresh).first()


def expires_at(pending: Authenticator) -> datetime:
    return pending.created_at + limits.PENDING_AUTHENTICATOR


def remove_all(user: User) -> int:
    """Remove every device and every set-up in progress. Returns how many."""
    return Authenticator.objects.filter(user=user).delete()[0]
