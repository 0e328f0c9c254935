"""Every page that changes something that others may change too, and two changes to try on it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model

from accounts.lazy_views import load_administration
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.models import Connection
from accounts.two_factor.models import Authenticator
from environments.models import Access, Environment
from tests.factories import AuthenticatorFactory, EnvironmentFactory, OrganisationFactory, UserFactory

load_administration()


@dataclass(frozen=True)
class Page:
    """``mine`` is typed on the page, ``theirs`` is what somebody else stores meanwhile; columns and their values.
    ``same``: what somebody else stores in the place of ``mine``, of the same columns."""

    address: str
    stored: Callable[[], Model]
    mine: dict[str, Any]
    theirs: dict[str, Any]
    same: dict[str, Any]


def _admin(of: Model, mine: dict[str, Any], theirs: dict[str, Any], same: dict[str, Any]) -> Page:
    address = f"/beheer/{of._meta.app_label}/{of._meta.model_name}/{of.pk}/change/"
    return Page(address, lambda: type(of).objects.get(pk=of.pk), mine, theirs, same)


def of_person(_worker: User) -> Page:
    person = UserFactory(with_totp=True)
    theirs = {"is_active": False, "language": "en"}
    return _admin(person, {"last_name": "Van mij"}, theirs, {"last_name": "Van hen"})


def of_organisation(_worker: User) -> Page:
    theirs = {"contact": "De balie", "slug": "anders"}
    return _admin(OrganisationFactory(), {"name": "Van mij"}, theirs, {"name": "Van hen"})


def of_environment(_worker: User) -> Page:
    theirs = {"is_closed": True, "closed_text": "Tot morgen"}
    return _admin(EnvironmentFactory(), {"place": "Van mij"}, theirs, {"place": "Van hen"})


def of_group(_worker: User) -> Page:
    return _admin(Group.objects.create(name="Groep"), {"name": "Van mij"}, {}, {"name": "Van hen"})


ADMIN = {User: of_person, Organisation: of_organisation, Environment: of_environment, Group: of_group}
NEVER_CHANGED = {Access}  # given or taken


def registered() -> set[type[Model]]:
    return set(admin.site._registry)


def _sso(part: str, mine: dict[str, Any], theirs: dict[str, Any], same: dict[str, Any]) -> Page:
    organisation = OrganisationFactory()
    Connection.objects.create(organisation=organisation, issuer="https://een.voorbeeld.nl", client_id="een")
    address = f"/beheer/sso/{organisation.slug}/{part}/"
    return Page(address, lambda: Connection.objects.get(organisation=organisation), mine, theirs, same)


def of_sso_people(_worker: User) -> Page:
    return _sso("mensen", {"make_on_arrival": True}, {"group_claim": "roles"}, {})


def of_sso_groups(_worker: User) -> Page:
    return _sso("mensen", {"group_claim": "groups"}, {"make_on_arrival": True}, {"group_claim": "roles"})


def of_sso_second_step(_worker: User) -> Page:
    return _sso("tweede-stap", {"vouching": "agreement"}, {"missing_proof": "refuse"}, {"vouching": "acr"})


def of_own_details(worker: User) -> Page:
    stored = lambda: User.objects.get(pk=worker.pk)  # noqa: E731
    theirs = {"last_name": "Elders"}
    return Page("/persoonlijke-gegevens/", stored, {"first_name": "Van mij"}, theirs, {"first_name": "Van hen"})


def of_device(worker: User) -> Page:
    device = AuthenticatorFactory(user=worker)
    address = f"/persoonlijke-gegevens/twee-staps-authenticatie/{device.pk}/naam/"
    return Page(address, lambda: Authenticator.objects.get(pk=device.pk), {"name": "Van mij"}, {}, {"name": "Van hen"})


def of_role(_worker: User) -> Page:
    access = Access.objects.create(user=UserFactory(), environment=EnvironmentFactory())
    address = f"/beheer/omgevingen/rol/{access.pk}/"
    return Page(address, lambda: Access.objects.get(pk=access.pk), {"role": "editor"}, {}, {"role": "manager"})


PAGES = [
    *ADMIN.values(),
    of_sso_people,
    of_sso_groups,
    of_sso_second_step,
    of_own_details,
    of_device,
    of_role,
]


def filled_in(page: str) -> dict[str, Any]:
    """What a browser posts of the form on this page that carries what it showed, when nothing is touched."""
    forms = re.findall(r"<form\b.*?</form>", page, re.S)
    form = next(one for one in forms if 'name="shown"' in one)
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        attrs = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if "name" not in attrs or attrs["name"].startswith("_") or "disabled" in tag or "__prefix__" in attrs["name"]:
            continue
        if attrs.get("type") in ("checkbox", "radio"):
            if re.search(r"\bchecked\b", tag):
                values.setdefault(attrs["name"], []).append(attrs.get("value", "on"))
        elif attrs.get("type") not in ("submit", "file"):
            values[attrs["name"]] = attrs.get("value", "")
    for select in re.findall(r"<select\b.*?</select>", form, re.S):
        name = re.search(r'name="([^"]*)"', select)[1]
        values[name] = re.findall(r'<option value="([^"]*)" selected', select)
    return values
