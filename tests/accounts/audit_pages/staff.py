"""Workers who view the security activity, and what they see."""

from __future__ import annotations

import re

from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import User
from accounts.organisations.models import Organisation
from tests.factories import UserFactory, support_group
from tests.pages import shown, signed_in

PAGE = "/beheer/activiteit/"
EXPORT = "/beheer/activiteit/exporteren/"


def worker(*, organisation: Organisation | None = None, right: str = "view_auditentry", **fields: object) -> User:
    person = UserFactory(staff=True, with_totp=True, organisation=organisation, **fields)
    if right:
        person.user_permissions.add(Permission.objects.get(codename=right))
    return person


def superuser() -> Client:
    return signed_in(UserFactory(superuser=True, with_totp=True, email="baas@assetmaps.nl"))


def administrator_of(organisation: Organisation) -> Client:
    """As the group Organisatiebeheer is: bound to the own organisation."""
    support_group()
    person = worker(organisation=organisation, right="", email=f"beheer@{organisation.slug}.nl")
    person.groups.add(Group.objects.get(name="Organisatiebeheer"))
    return signed_in(person)


def people_on(client: Client, query: str = "") -> list[str]:
    """The people of the lines that a search shows, in its order."""
    page = shown(client, f"{PAGE}?{query}")
    return re.findall(r'<td data-label="Persoon">([^<]*)', page)
