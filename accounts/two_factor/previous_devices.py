"""Authenticator apps that count no more: what is kept of them, for how long, and how one comes back."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor import codes
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
            linked_in=device.linked_in,
        )
        for device in devices
    )
    Authenticator.objects.filter(pk__in=[device.pk for device in devices]).delete()
    for user_id in {device.user_id for device in devices}:
        _keep_newest(user_id)
    return len(devices)


def note_end(user: User, entry: AuditEntry) -> None:
    """Remember which entry of the audit trail ended the apps that were just retired. Call in the same transaction."""
    # Just now: what a process of an earlier version retired during an upgrade has no entry, and gets no later one.
    just_now = timezone.now() - timedelta(minutes=1)
    fresh = FormerAuthenticator.objects.filter(user=user, ended_in=None, ended_at__gt=just_now)
    fresh = fresh.exclude(why=Why.UNFINISHED)
    fresh.update(ended_in=entry.pk)


def disown_since(user: User, entry_id: int) -> None:
    """What was linked by this entry or a later one and has ended since was not the person's: it never comes back."""
    FormerAuthenticator.objects.filter(user=user, linked_in__gte=entry_id).update(why=Why.DISOWNED)


def bring_back(user: User, entry_id: int) -> int:
    """Let the apps count again that this entry or a later one ended. Returns how many.

    Codes that were made until now stay void: which of them were used is not known any more.
    """
    ended = FormerAuthenticator.objects.filter(user=user, ended_in__gte=entry_id, why__in=(Why.REPLACED, Why.REMOVED))
    found = list(ended.order_by("pk"))
    step = codes.present_step()
    for old in found:
        Authenticator.objects.create(
            user=user,
            name=old.name,
            confirmed=True,
            sealed_secret=old.sealed_secret,
            linked_in=old.linked_in,
            last_step=step,
        )
    ended.filter(pk__in=[old.pk for old in found]).delete()
    return len(found)


def _keep_newest(user_id: int) -> None:
    """Keep so many of one person: whoever begins a set-up again and again leaves no more.

    Those that counted are kept apart from the unfinished, and the first of them that ended while a report can still
    bring it back: otherwise whoever stole the account would push the owner's out.
    """
    mine = FormerAuthenticator.objects.filter(user=user_id).order_by("-ended_at", "-pk").values_list("pk", flat=True)
    counted, most = mine.exclude(why=Why.UNFINISHED), limits.FORMER_AUTHENTICATORS
    reportable = counted.filter(ended_at__gt=timezone.now() - limits.NOT_ME_LINK).reverse()
    kept = [*mine.filter(why=Why.UNFINISHED)[:most], *counted[:most], *reportable[:most]]
    FormerAuthenticator.objects.filter(user=user_id).exclude(pk__in=kept).delete()


def of(user: User) -> list[FormerAuthenticator]:
    """The newest first."""
    since = timezone.now() - limits.FORMER_AUTHENTICATOR_KEPT
    mine = FormerAuthenticator.objects.filter(user=user, ended_at__gt=since)
    return list(mine.order_by("-ended_at", "-pk")[: limits.FORMER_AUTHENTICATORS])


def purge() -> int:
    """Delete what was kept long enough. Returns how many."""
    since = timezone.now() - limits.FORMER_AUTHENTICATOR_KEPT
    return FormerAuthenticator.objects.filter(ended_at__lte=since).delete()[0]
