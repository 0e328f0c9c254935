"""Permissions: staff, superuser, groups. Every change is mailed to the person and to the superusers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.active_sessions import flows as sessions
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mail.untrusted_text import single_line
from accounts.models import User
from accounts.organisations import notices, sign_in_policy

Facts = dict[str, str | int]


@dataclass(frozen=True)
class Rights:
    is_staff: bool = False
    is_superuser: bool = False
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, user: User, groups: Iterable[Group] | None = None) -> Rights:
        """``groups`` None: those that are stored."""
        names = sorted(group.name for group in (user.groups.all() if groups is None else groups))
        return cls(user.is_staff, user.is_superuser, tuple(names))

    def __str__(self) -> str:
        flags = [name for name in ("is_staff", "is_superuser") if getattr(self, name)]
        return ", ".join([*flags, *self.groups]) or "-"

    @property
    def group_names(self) -> list[str]:
        """For a mail."""
        return [single_line(name) for name in self.groups]


def superusers(*besides: User | None) -> list[User]:
    """Who is notified when somebody's permissions change."""
    return [one for one in sign_in_policy.superusers() if one not in besides]


@transaction.atomic
def change(user: User, *, before: Rights, after: Rights, actor: User | None, origin: Origin) -> None:
    """Record that the person has other rights now, which the caller stores; the person and the superusers hear it."""
    if before == after:
        return
    detail: Facts = {"before": str(before), "after": str(after)}
    entry = record(Event.RIGHTS_CHANGED, subject=user, actor=actor, origin=origin, detail=detail)
    notify(entry, user, before=before, after=after)
    _tell_superusers(entry, user, actor, before=before, after=after)


@transaction.atomic
def deactivated(user: User, *, actor: User | None, origin: Origin, in_bulk: bool = False) -> None:
    """The caller has stored it. ``actor`` None: a command."""
    sessions.end_all(user)
    _notify_of_change(record(Event.DEACTIVATED, subject=user, actor=actor, origin=origin), user, actor, in_bulk=in_bulk)


@transaction.atomic
def reactivated(user: User, *, actor: User, origin: Origin) -> None:
    """The caller has stored it."""
    _notify_of_change(record(Event.REACTIVATED, subject=user, actor=actor, origin=origin), user, actor)


def moved(entry: AuditEntry, user: User, *, actor: User) -> None:
    """The person is in another organisation now; ``entry`` says which it was and is."""
    _notify_of_change(entry, user, actor)


def _notify_of_change(entry: AuditEntry, user: User, actor: User | None, *, in_bulk: bool = False) -> None:
    notify(entry, user, in_bulk=in_bulk)
    if user.is_superuser:
        _tell_superusers(entry, user, actor)


def _tell_superusers(
    entry: AuditEntry, user: User, actor: User | None, before: Rights | None = None, after: Rights | None = None
) -> None:
    page = settings.PUBLIC_URL + reverse("admin:accounts_user_change", args=[user.pk])
    for one in superusers(actor, user):
        sending.send(
            "rank_changed",
            one,
            entry=entry,
            actor=entry.actor_name,
            subject=user.email,
            before=before,
            after=after,
            address=page,
            at=timezone.localtime(entry.at),
        )


@transaction.atomic
def add_group(group: Group, permissions: Iterable[Permission], *, actor: User, origin: Origin) -> None:
    group.save()
    group.permissions.set(permissions)
    detail: Facts = {"group": group.name, "given": _listed(_rights_of(group))}
    _tell_of_group(record(Event.GROUP_ADDED, subject=None, actor=actor, origin=origin, detail=detail), group, actor)


@transaction.atomic
def change_group(group: Group, permissions: Iterable[Permission], *, actor: User, origin: Origin) -> None:
    """Store name and rights, and tell the superusers, and whoever has other rights now."""
    before = Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    had = _rights_of(before)
    if group.name != before.name:
        group.save(update_fields=["name"])
    group.permissions.set(permissions)
    has = _rights_of(group)
    if had == has and group.name == before.name:
        return
    changed: Facts = {"given": _listed(has - had), "taken": _listed(had - has)}
    detail: Facts = {"group": group.name, "before": before.name, "after": group.name, **changed}
    entry = record(Event.GROUP_CHANGED, subject=None, actor=actor, origin=origin, detail=detail)
    _tell_of_group(entry, group, actor)
    if had != has:
        _tell_members(list(group.user_set.all()), {"group": group.name, **changed}, actor, origin)


@transaction.atomic
def delete_group(group: Group, *, actor: User, origin: Origin) -> None:
    """Delete the group, and notify its members that they lost its rights."""
    Group.objects.select_for_update().filter(pk=group.pk).first()
    detail: Facts = {"group": group.name, "taken": _listed(_rights_of(group))}
    members = list(group.user_set.all())
    entry = record(Event.GROUP_DELETED, subject=None, actor=actor, origin=origin, detail=detail)
    group.delete()
    _tell_of_group(entry, None, actor)
    _tell_members(members, detail, actor, origin)


def _rights_of(group: Group) -> set[str]:
    found = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in found}


def _listed(rights: Collection[str]) -> str:
    return ", ".join(sorted(rights)) or "-"


def _tell_of_group(entry: AuditEntry, group: Group | None, actor: User) -> None:
    page = reverse("admin:auth_group_change", args=[group.pk]) if group else reverse("admin:auth_group_changelist")
    notices.notify(entry, superusers(actor), about=str(entry.detail["group"]), page=page)


def _tell_members(members: Iterable[User], detail: Facts, actor: User, origin: Origin) -> None:
    for member in members:
        entry = record(Event.RIGHTS_CHANGED, subject=member, actor=actor, origin=origin, detail=detail)
        notify(entry, member, in_bulk=True, group=str(detail["group"]))
