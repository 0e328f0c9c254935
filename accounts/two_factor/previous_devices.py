"""Authenticator apps and passkeys no longer in use: what is kept of them, for how long, and restoring one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.two_factor import codes
from accounts.two_factor.models import Authenticator, EndReason, FormerAuthenticator, FormerPasskey, Passkey

RESTORABLE = (EndReason.REPLACED, EndReason.REMOVED)
# The columns that a passkey and a former one share.
CREDENTIAL = (
    *("user_id", "name", "credential_id", "digest", "sealed_key", "sign_count", "backup_eligible", "backed_up"),
    *("has_verified", "aaguid", "transports", "created_at", "last_used_at", "linked_in"),
)


def retire(found: QuerySet[Authenticator], why: EndReason) -> int:
    """Delete these apps, and keep their encrypted secrets for a while to explain their codes. Returns how many.

    Call inside a transaction that locks the row of the person.
    """
    # With the set-up of a replacement for one of these.
    devices = list(Authenticator.objects.filter(Q(pk__in=found.values("pk")) | Q(replaces__in=found.values("pk"))))
    FormerAuthenticator.objects.bulk_create(
        FormerAuthenticator(
            user_id=device.user_id,
            name=device.name,
            why=why if device.confirmed else EndReason.UNFINISHED,
            sealed_secret=device.sealed_secret,
            linked_in=device.linked_in,
        )
        for device in devices
    )
    Authenticator.objects.filter(pk__in=[device.pk for device in devices]).delete()
    for user_id in {device.user_id for device in devices}:
        _keep_newest(user_id)
    return len(devices)


def retire_passkeys(found: QuerySet[Passkey], why: EndReason) -> int:
    """Delete these passkeys, and keep them for a while to restore them. Returns how many. Call as `retire`."""
    passkeys = list(found)
    FormerPasskey.objects.bulk_create(
        FormerPasskey(why=why, **{name: getattr(one, name) for name in CREDENTIAL}) for one in passkeys
    )
    Passkey.objects.filter(pk__in=[one.pk for one in passkeys]).delete()
    for user_id in {one.user_id for one in passkeys}:
        newest = FormerPasskey.objects.filter(user=user_id).order_by("-ended_at", "-pk").values_list("pk", "ended_at")
        # Bounded, but never what a report can still restore; `limits.PASSKEYS` and fresh proof bound that.
        over = [pk for pk, at in newest[limits.PASSKEYS :] if at <= timezone.now() - limits.NOT_ME_LINK]
        FormerPasskey.objects.filter(pk__in=over).delete()
    return len(passkeys)


def record_end(user: User, entry: AuditEntry) -> None:
    """Store which audit entry ended the apps and passkeys that were just retired. Call in the same transaction."""
    # Recent ones only: apps retired by an earlier version during an upgrade must not get a later entry.
    just_now = timezone.now() - timedelta(minutes=1)
    for former in (FormerAuthenticator, FormerPasskey):
        fresh = former.objects.filter(user=user, ended_in=None, ended_at__gt=just_now)
        fresh.exclude(why=EndReason.UNFINISHED).update(ended_in=entry.pk)


def mark_reported_since(user: User, entry_id: int) -> None:
    """Never restore the ended apps and passkeys that this entry or a later one linked: reported as not the person's."""
    for former in (FormerAuthenticator, FormerPasskey):
        former.objects.filter(user=user, linked_in__gte=entry_id).update(why=EndReason.REPORTED)


def may_come_back(digest: str) -> bool:
    """Can a report still restore a passkey with this digest?"""
    return _restorable().filter(digest=digest).exists()


def mark_copied(user: User, digests: Collection[str]) -> None:
    """Never restore these passkeys, by their short digests: there may be copies of them."""
    for digest in digests:
        FormerPasskey.objects.filter(user=user, digest__startswith=digest).update(why=EndReason.REPORTED)


def restorable_passkeys(user: User) -> QuerySet[FormerPasskey]:
    """Those of this person that a report can still restore. Their owner's device should keep them so long."""
    return _restorable().filter(user=user)


def _restorable() -> QuerySet[FormerPasskey]:
    since = timezone.now() - limits.NOT_ME_LINK
    return FormerPasskey.objects.filter(ended_at__gt=since, why__in=RESTORABLE)


class Restored(NamedTuple):
    """A restored app or passkey: the audit entries that linked and ended it."""

    linked_in: int | None
    ended_in: int


def restore_since(user: User, entry_id: int) -> list[Restored]:
    """Restore the apps and passkeys that this entry or a later one ended; a passkey beside the password only, until it
    was used so. Returns which.

    Codes until now stay void: which of them were used is no longer known.
    """
    since = timezone.now() - limits.NOT_ME_LINK  # a device may have forgotten what ended before that, or be sold
    ended = {"user": user, "ended_in__gte": entry_id, "ended_at__gt": since, "why__in": RESTORABLE}
    apps = list(FormerAuthenticator.objects.filter(**ended).order_by("pk"))
    step = codes.present_step()
    for old in apps:
        Authenticator.objects.create(
            user=user,
            name=old.name,
            confirmed=True,
            sealed_secret=old.sealed_secret,
            linked_in=old.linked_in,
            last_step=step,
        )
    FormerAuthenticator.objects.filter(pk__in=[old.pk for old in apps]).delete()
    passkeys = _restore_passkeys(list(FormerPasskey.objects.filter(**ended).order_by("pk")))
    back: list[FormerAuthenticator | FormerPasskey] = [*apps, *passkeys]
    return [Restored(old.linked_in, old.ended_in or 0) for old in back]


def _restore_passkeys(former: list[FormerPasskey]) -> list[FormerPasskey]:
    # Somebody may have stored a passkey under the same id meanwhile.
    taken = set(Passkey.objects.filter(digest__in=[old.digest for old in former]).values_list("digest", flat=True))
    former = [old for old in former if old.digest not in taken]
    for old in former:
        restored = Passkey(**{name: getattr(old, name) for name in CREDENTIAL})
        # Not a whole sign-in by itself before it was shown beside the password: it may have been removed because the
        # device was stolen, with the mailbox of this report on it.
        restored.has_verified = False
        restored.save(force_insert=True)
        # The day on which it was added; `auto_now_add` has set today.
        Passkey.objects.filter(pk=restored.pk).update(created_at=old.created_at)
    FormerPasskey.objects.filter(pk__in=[old.pk for old in former]).delete()
    return former


def _keep_newest(user_id: int) -> None:
    """Bound the number kept for one person, however often a set-up is begun.

    Apps that were in use are counted apart from unfinished ones, and the earliest that a report can still restore are
    kept too: otherwise somebody who stole the account could push the owner's out.
    """
    # Read and chosen here: there are few, and seldom too many.
    mine = FormerAuthenticator.objects.filter(user=user_id).values_list("pk", "why", "ended_at")
    newest = sorted(mine, key=lambda one: (one[2], one[0]), reverse=True)
    unfinished = [one for one in newest if one[1] == EndReason.UNFINISHED]
    counted, most = [one for one in newest if one[1] != EndReason.UNFINISHED], limits.FORMER_AUTHENTICATORS
    reportable = [one for one in counted if one[2] > timezone.now() - limits.NOT_ME_LINK]
    kept = {one[0] for one in (*unfinished[:most], *counted[:most], *reportable[-most:])}
    if surplus := [one[0] for one in newest if one[0] not in kept]:
        FormerAuthenticator.objects.filter(pk__in=surplus).delete()


def of(user: User) -> list[FormerAuthenticator]:
    """The newest first."""
    since = timezone.now() - limits.FORMER_AUTHENTICATOR_KEPT
    mine = FormerAuthenticator.objects.filter(user=user, ended_at__gt=since)
    return list(mine.order_by("-ended_at", "-pk")[: limits.FORMER_AUTHENTICATORS])


def purge() -> int:
    """Delete expired rows. Returns how many."""
    since = timezone.now() - limits.FORMER_AUTHENTICATOR_KEPT
    expired = (former.objects.filter(ended_at__lte=since) for former in (FormerAuthenticator, FormerPasskey))
    return sum(rows.delete()[0] for rows in expired)
