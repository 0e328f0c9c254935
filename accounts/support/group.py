"""The built-in permission groups. Releases add permissions to them; for another mix, make another group."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

DESK_PERMISSIONS = ("accounts.view_user", "accounts.reset_second_factor", "support.view_helprequest")
EVERY_ORGANISATION = "organisations.work_for_every_organisation"
SUPPORT = "Support"  # helps the people of every organisation
ORGANISATION_ADMINISTRATORS = "Organisatiebeheer"  # the administrators of one organisation
GROUPS = {
    SUPPORT: (*DESK_PERMISSIONS, EVERY_ORGANISATION),
    "Support eigen organisatie": DESK_PERMISSIONS,
    ORGANISATION_ADMINISTRATORS: (
        "accounts.view_user",
        "accounts.add_user",
        "accounts.change_user",
        "audit.view_auditentry",
        "organisations.view_organisation",
        "organisations.change_organisation",
        "environments.view_environment",
        "environments.view_access",
        "environments.add_access",
        "environments.delete_access",
    ),
}


def ensure_groups(**signal: object) -> Group:
    """Create the groups, add missing permissions, and return the group Support. Runs after every migrate: permissions
    exist only then, and releases bring new ones."""
    for label in sorted({right.partition(".")[0] for rights in GROUPS.values() for right in rights}):
        create_permissions(apps.get_app_config(label), verbosity=0)  # apps in higher layers would make theirs later
    for name, rights in GROUPS.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*_permissions(rights))
    return Group.objects.get(name=SUPPORT)


def _permissions(rights: tuple[str, ...]) -> list[Permission]:
    wanted = Q()
    for right in rights:
        app, _dot, codename = right.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))
