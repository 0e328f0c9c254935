"""The group "Support": look people up and reset a second step, nothing else."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission

NAME = "Support"
RIGHTS = ("view_user", "reset_second_factor", "view_helprequest")


def ensure(**signal: object) -> Group:
    """Make the group if it is not there. Runs after every migrate, because the permissions exist only then."""
    group, created = Group.objects.get_or_create(name=NAME)
    if created:
        group.permissions.set(
            Permission.objects.filter(content_type__app_label__in=["accounts", "support"], codename__in=RIGHTS)
        )
    return group
