"""The groups that the program itself knows. Their rights come with the program; who wants another mix makes a group."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

DESK = ("accounts.view_user", "accounts.reset_second_factor", "support.view_helprequest")
EVERY_ORGANISATION = "organisations.work_for_every_organisation"
NAME = "Support"  # works for the people of every organisation
PEOPLE = "Organisatiebeheer"  # the administrators of one organisation
GROUPS = {
    NAME: (*DESK, EVERY_ORGANISATION),
    "Support eigen organisatie": DESK,
    PEOPLE: (
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


def ensure(**signal: object) -> Group:
    """Make the groups and give them what they lack, and return Support. Runs after every migrate, because the
    permissions exist only then, and new ones come with a new version."""
    for label in sorted({right.partition(".")[0] for rights in GROUPS.values() for right in rights}):
        create_permissions(apps.get_app_config(label), verbosity=0)  # those of rooms above are made after this one's
    for name, rights in GROUPS.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*_permissions(rights))
    return Group.objects.get(name=NAME)


def _permissions(rights: tuple[str, ...]) -> list[Permission]:
    wanted = Q()
    for right in rights:
        app, _dot, codename = right.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))
