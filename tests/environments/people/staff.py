"""Administrators of one organisation and of all, for the tests of people."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from accounts.organisations.models import Organisation
from tests.factories import UserFactory, support_group
from tests.pages import signed_in

PEOPLE = "/beheer/accounts/user/"
INVITE = "/beheer/mensen/uitnodigen/"


def administrator(organisation: Organisation | None, **traits: object) -> User:
    """With the rights of the group Organisatiebeheer, bound to this organisation."""
    support_group()
    person = UserFactory(staff=True, with_totp=True, organisation=organisation, **traits)
    person.groups.add(Group.objects.get(name="Organisatiebeheer"))
    return person


def administrator_of(organisation: Organisation | None, **traits: object) -> Client:
    return signed_in(administrator(organisation, **traits))


def superuser() -> User:
    return UserFactory(superuser=True, with_totp=True)


def page_of(person: User) -> str:
    return f"{PEOPLE}{person.pk}/change/"


def values_of(person: User, **changes: object) -> dict[str, object]:
    """What the page of a person posts when nothing else is changed; None leaves a field out."""
    values: dict[str, object] = {
        name: getattr(person, name) for name in ("email", "first_name", "last_name", "language")
    }
    values |= {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(person, name)}
    values["groups"] = [str(group.pk) for group in person.groups.all()]
    membership = getattr(person, "membership", None)
    values["organisation"] = membership.organisation.name if membership else ""
    values["opens"] = [str(row.environment_id) for row in person.access.all()]
    return {name: value for name, value in (values | changes).items() if value is not None}
