"""What can be changed in the administration and on the command line, and what must come of it: one entry for each way.

`tests/test_every_change.py` walks the admin registry and the commands, and fails on a way that is not described here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts.models import User
from accounts.sso.models import Connection
from environments.models import Access
from tests.environments.people.staff import administrator, values_of
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory


@dataclass(frozen=True)
class Change:
    """Posted to ``address``, ``values`` leave entries of ``events``, and mails to whoever is named in ``heard``."""

    address: str
    values: dict[str, object]
    events: set[str]
    heard: set[str]


class World:
    """An organisation with its administrator, an environment with somebody who opens it, and a second superuser."""

    def __init__(self) -> None:
        self.boss = UserFactory(superuser=True, with_totp=True, email="baas@voorbeeld.nl")
        self.other = UserFactory(superuser=True, email="tweede@voorbeeld.nl")
        self.organisation = OrganisationFactory(name="Gemeente", slug="gemeente")
        self.empty = OrganisationFactory(name="Leeg", slug="leeg")
        self.administrator: User = administrator(self.organisation, email="beheer@voorbeeld.nl")
        self.person: User = UserFactory(organisation=self.organisation, email="persoon@voorbeeld.nl")
        self.environment = EnvironmentFactory(organisation=self.organisation, slug="bomen", people=[self.person])
        self.unopened = EnvironmentFactory(organisation=self.organisation, slug="wegen")
        self.group = Group.objects.create(name="Eigen groep")
        self.group.permissions.add(Permission.objects.get(codename="view_user"))
        self.member: User = UserFactory(staff=True, email="lid@voorbeeld.nl")
        self.member.groups.add(self.group)

    @property
    def access(self) -> Access:
        return Access.objects.get(user=self.person, environment=self.environment)


def chosen(action: str, *rows: object) -> dict[str, object]:
    return {"action": action, "_selected_action": [str(row.pk) for row in rows], "post": "yes"}


def organisation_values(w: World, **changes: object) -> dict[str, object]:
    names = ("name", "slug", "colour", "contact")
    return {name: getattr(w.organisation, name) for name in names} | changes


def environment_values(w: World, **changes: object) -> dict[str, object]:
    names = ("name", "slug", "place", "description", "address", "closed_text")
    rows = {"group_mappings-TOTAL_FORMS": "0", "group_mappings-INITIAL_FORMS": "0"}
    return {name: getattr(w.environment, name) for name in names} | {"organisation": w.organisation.pk} | rows | changes


def group_values(w: World, **changes: object) -> dict[str, object]:
    held = [str(pk) for pk in w.group.permissions.values_list("pk", flat=True)]
    return {"name": w.group.name, "permissions": held} | changes


def right(codename: str) -> str:
    return str(Permission.objects.get(codename=codename).pk)


ADMINISTRATION = "/beheer/"
ORGANISATIONS, ENVIRONMENTS = "/beheer/organisations/organisation/", "/beheer/environments/environment/"
PEOPLE, ACCESS, GROUPS = "/beheer/accounts/user/", "/beheer/environments/access/", "/beheer/auth/group/"
OTHER, ADMIN, PERSON, MEMBER = "tweede@voorbeeld.nl", "beheer@voorbeeld.nl", "persoon@voorbeeld.nl", "lid@voorbeeld.nl"
NEW = {"email": "nieuw@voorbeeld.nl", "first_name": "N", "last_name": "W", "language": "nl"}

# By model and by what is done; what Django and our own pages offer a superuser.
ADMIN_CHANGES: dict[tuple[str, str], Callable[[World], Change]] = {
    ("organisations.Organisation", "add"): lambda w: Change(
        f"{ORGANISATIONS}add/", organisation_values(w, name="Nieuw", slug="nieuw"), {"organisation_added"}, {OTHER}
    ),
    ("organisations.Organisation", "change"): lambda w: Change(
        f"{ORGANISATIONS}{w.organisation.pk}/change/",
        organisation_values(w, name="Anders"),
        {"organisation_edited"},
        {ADMIN},
    ),
    ("organisations.Organisation", "delete"): lambda w: Change(
        f"{ORGANISATIONS}{w.empty.pk}/delete/", {"post": "yes"}, {"organisation_deleted"}, {OTHER}
    ),
    ("organisations.Organisation", "delete_selected"): lambda w: Change(
        ORGANISATIONS, chosen("delete_selected", w.empty), {"organisation_deleted"}, {OTHER}
    ),
    ("environments.Environment", "add"): lambda w: Change(
        f"{ENVIRONMENTS}add/", environment_values(w, name="Nieuw", slug="nieuw"), {"environment_added"}, {ADMIN}
    ),
    ("environments.Environment", "change"): lambda w: Change(
        f"{ENVIRONMENTS}{w.environment.pk}/change/",
        environment_values(w, address="https://elders.nl/"),
        {"environment_address_asked"},
        {ADMIN, OTHER},
    ),
    ("environments.Environment", "delete"): lambda w: Change(
        f"{ENVIRONMENTS}{w.environment.pk}/delete/",
        {"post": "yes"},
        {"environment_deleted", "access_taken"},
        {ADMIN},
    ),
    ("environments.Environment", "delete_selected"): lambda w: Change(
        ENVIRONMENTS, chosen("delete_selected", w.unopened), {"environment_deleted"}, {ADMIN}
    ),
    ("environments.Access", "add"): lambda w: Change(
        f"{ACCESS}add/", {"user": w.person.pk, "environment": w.unopened.pk}, {"access_given"}, {PERSON}
    ),
    ("environments.Access", "delete"): lambda w: Change(
        f"{ACCESS}{w.access.pk}/delete/", {"post": "yes"}, {"access_taken"}, {PERSON}
    ),
    ("environments.Access", "delete_selected"): lambda w: Change(
        ACCESS, chosen("delete_selected", w.access), {"access_taken"}, {PERSON}
    ),
    ("accounts.User", "add"): lambda w: Change(
        f"{PEOPLE}add/?organisation={w.organisation.slug}",
        NEW | {"opens": [str(w.environment.pk)]},
        {"invited", "access_given"},
        {"nieuw@voorbeeld.nl"},
    ),
    ("accounts.User", "change"): lambda w: Change(
        f"{PEOPLE}{w.person.pk}/change/",
        values_of(w.person, is_staff="on", is_superuser="on"),
        {"rights_changed"},
        {PERSON, OTHER},
    ),
    # These two ask first; that page posts the numbers to an address of our own.
    ("accounts.User", "invite_again"): lambda w: Change(
        "/beheer/mensen/opnieuw-uitnodigen/",
        {"ids": str(UserFactory(email="nooit@voorbeeld.nl", password="!").pk)},
        {"invited"},
        {"nooit@voorbeeld.nl"},
    ),
    ("accounts.User", "deactivate"): lambda w: Change(
        "/beheer/mensen/deactiveren/", {"ids": str(w.person.pk)}, {"deactivated"}, {PERSON}
    ),
    ("auth.Group", "add"): lambda w: Change(
        f"{GROUPS}add/", {"name": "Nieuw", "permissions": [right("add_user")]}, {"group_added"}, {OTHER}
    ),
    ("auth.Group", "change"): lambda w: Change(
        f"{GROUPS}{w.group.pk}/change/",
        group_values(w, permissions=[right("add_user")]),
        {"group_changed", "rights_changed"},
        {OTHER, MEMBER},
    ),
    ("auth.Group", "delete"): lambda w: Change(
        f"{GROUPS}{w.group.pk}/delete/", {"post": "yes"}, {"group_deleted", "rights_changed"}, {OTHER, MEMBER}
    ),
    ("auth.Group", "delete_selected"): lambda w: Change(
        GROUPS, chosen("delete_selected", w.group), {"group_deleted", "rights_changed"}, {OTHER, MEMBER}
    ),
}

# Of the same pages, every single field that can be filled in, with another value; who must hear of that alone.
FIELDS: dict[str, dict[str, tuple[object, set[str]]]] = {
    "organisations.Organisation": {
        "name": ("Anders", {ADMIN}),
        "slug": ("anders", {ADMIN}),
        "colour": ("#123456", {ADMIN}),
        "contact": ("bel de dief", {ADMIN}),
    },
    "environments.Environment": {
        "organisation": ("leeg", {ADMIN, OTHER}),
        "name": ("Anders", {ADMIN}),
        "slug": ("anders", {ADMIN}),
        "place": ("Elders", {ADMIN}),
        "description": ("Anders", {ADMIN}),
        "address": ("https://elders.nl/", {ADMIN, OTHER}),
        "open_on_arrival": ("on", {ADMIN}),
        "is_closed": ("on", {ADMIN}),
        "closed_text": ("Bel 0900", {ADMIN}),
        "group_mappings": ("beheerders", {ADMIN}),
    },
    "accounts.User": {
        "email": ("anders@voorbeeld.nl", {PERSON, "anders@voorbeeld.nl"}),
        "first_name": ("Anders", {PERSON}),
        "last_name": ("Anders", {PERSON}),
        "language": ("en", {PERSON}),
        "organisation": ("Leeg", {PERSON}),
        "opens": ([], {PERSON}),
        "is_active": (None, {PERSON}),
        "is_staff": ("on", {PERSON, OTHER}),
        "is_superuser": ("on", {PERSON, OTHER}),
        "groups": ("Eigen groep", {PERSON, OTHER}),
    },
    "auth.Group": {"name": ("Anders", {OTHER}), "permissions": ([], {OTHER, MEMBER})},
}


def values_with(w: World, label: str, name: str) -> tuple[str, dict[str, object]]:
    """The address of the page, and its values with one field changed."""
    value = FIELDS[label][name][0]
    match label, name:
        case "environments.Environment", "group_mappings":
            rows = {"group_mappings-TOTAL_FORMS": "1", "group_mappings-0-value": value}
            return f"{ENVIRONMENTS}{w.environment.pk}/change/", environment_values(w, **rows)
        case "environments.Environment", _:
            value = w.empty.pk if name == "organisation" else value
            return f"{ENVIRONMENTS}{w.environment.pk}/change/", environment_values(w, **{name: value})
        case "organisations.Organisation", _:
            return f"{ORGANISATIONS}{w.organisation.pk}/change/", organisation_values(w, **{name: value})
        case "auth.Group", _:
            return f"{GROUPS}{w.group.pk}/change/", group_values(w, **{name: value})
        case _:
            value = [str(w.group.pk)] if name == "groups" else value
            return f"{PEOPLE}{w.person.pk}/change/", values_of(w.person, **{name: value})


@dataclass(frozen=True)
class Command:
    """``arguments`` prepares what the command needs, and returns what it is called with."""

    arguments: Callable[[World], list[str]] = lambda _world: []
    options: dict[str, object] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)


def _soon_demanded(w: World) -> list[str]:
    w.organisation.second_step, day = "required", timezone.localdate() + timedelta(days=7)
    w.organisation.required_from = day
    w.organisation.save()
    User.objects.filter(pk=w.person.pk).update(last_login=timezone.now())
    return []


def _with_demand(w: World) -> list[str]:
    w.organisation.passkey_for, w.organisation.passkey_from = "staff", timezone.localdate()
    w.organisation.save()
    return []


def _soon_expired(w: World) -> list[str]:
    agreed = {"issuer": "https://x.invalid", "client_id": "x", "enabled": True}
    day = timezone.localdate() + timedelta(days=6)
    connection = Connection(organisation=w.organisation, secret_expires_on=day, **agreed)
    connection.set_secret("geheim")
    connection.save()
    return []


def _due_address(w: World) -> list[str]:
    w.environment.next_address, w.environment.next_address_by = "https://elders.nl/", w.boss
    w.environment.next_address_at = timezone.now() - timedelta(days=2)
    w.environment.save()
    return []


def _deactivated(w: World) -> list[str]:
    User.objects.filter(pk=w.person.pk).update(is_active=False)
    return [w.person.email]


def _new_file(w: World) -> list[str]:
    return [str(Path(tempfile.mkdtemp()) / "portal.dump")]


WRITING: dict[str, Command] = {
    "after_restore": Command(options={"reason": "proef"}, events={"database_restored"}),
    "backup": Command(_new_file, events={"backed_up"}),
    "changepassword": Command(lambda w: [w.person.email], events={"password_changed"}, heard={PERSON}),
    "createsuperuser": Command(
        options={"interactive": False, "email": "vers@voorbeeld.nl"},
        events={"rights_changed"},
        heard={"vers@voorbeeld.nl", "baas@voorbeeld.nl", OTHER},
    ),
    "export_person": Command(lambda w: [w.person.email, *_new_file(w)], events={"person_exported"}),
    "remove_person": Command(_deactivated, options={"reason": "gevraagd"}, events={"person_removed"}, heard={PERSON}),
    "export_audit_trail": Command(events={"audit_exported"}),
    "purge": Command(_due_address, events={"environment_address_changed"}, heard={ADMIN, OTHER}),
    "reset_two_factor": Command(
        lambda w: [w.administrator.email, "--reason", "telefoon kwijt"], events={"second_step_reset"}, heard={ADMIN}
    ),
    "rotate_encryption_keys": Command(events={"keys_rotated"}),
    "send_reminders": Command(_soon_demanded, events={"reminded"}, heard={PERSON}),
    "withdraw_passkey_demand": Command(
        _with_demand, options={"reason": "andere host"}, events={"demand_changed"}, heard={ADMIN}
    ),
    "warn_expiring_secrets": Command(_soon_expired, events={"sso_expiry_warned"}, heard={ADMIN}),
}
# Into an empty database only: there is nobody yet who could hear of it. The entries are tested with the command.
FILLING = {"demo", "move_database", "restore"}
READING: dict[str, Command] = {
    "keys": Command(),
    "void_unreadable_secrets": Command(),  # without a reason
    "two_factor_status": Command(lambda w: [w.person.email]),
    "verify_audit_trail": Command(),
}
# Run until they are stopped, and do what the other commands and tasks do.
RUNNING = {"worker"}
# What comes with Django. Whoever runs these has the database itself; none of them is about an account.
# fmt: off
OF_DJANGO = {
    "check", "collectstatic", "compilemessages", "createcachetable", "dbshell", "diffsettings", "dumpdata",
    "findstatic", "flush", "inspectdb", "loaddata", "makemessages", "makemigrations", "migrate",
    "optimizemigration", "remove_stale_contenttypes", "runserver", "sendtestemail", "shell", "showmigrations",
    "sqlflush", "sqlmigrate", "sqlsequencereset", "squashmigrations", "startapp", "startproject", "test",
    "testserver",
    "db_worker", "prune_db_task_results",  # of django-tasks-db
}
# fmt: on
