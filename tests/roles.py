"""Who reaches which address: what the program does, to be held against docs/roles.md by tests/test_roles.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.credentials import key_pairs
from accounts.sso.models import Connection, MailDomain
from accounts.support.models import Intervention, Kind, Report
from accounts.two_factor.models import Authenticator, Passkey
from environments.administration import flows as upkeep
from environments.models import Logo
from environments.people.models import PeopleImport
from tests.conftest import browser, sign_in
from tests.environments.administration.test_images import picture
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import half_signed_in
from tests.test_structure import walk

ROLES = ("anonymous", "half signed in", "employee", "support", "administrator", "superuser")
ADMINISTRATION, SIGN_OUT = "/beheer/", "/uitloggen/"
BEGIN = "/begin/"  # leads staff to their work
CLOSED = ("/inloggen/", "/beheer/login/")  # where somebody is sent who may not come in


@dataclass
class World:
    """One organisation, its people in every role, and an object for every variable part of an address."""

    organisation: Organisation = field(default_factory=OrganisationFactory)
    parts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.subject: User = UserFactory(organisation=self.organisation, with_totp=True)
        self.employee: User = UserFactory(organisation=self.organisation, with_totp=True)
        self.environment = EnvironmentFactory(organisation=self.organisation, people=[self.employee, self.subject])
        upkeep.set_picture(self.environment.pk, picture(), actor=self.subject, origin=Origin())
        Logo.objects.create(pk=1, organisation=self.organisation, width=1, height=1, webp=b"x")
        entry = record(Event.SIGNED_IN, subject=self.subject, origin=Origin())
        self.report = Report.objects.create(user=self.subject, entry=entry)
        self.intervention = Intervention.objects.create(kind=Kind.RESET, subject=self.subject, reason="x")
        agreed = {"issuer": "https://x.invalid", "client_id": "x", "enabled": True}
        certificate = key_pairs.make(key_pairs.Kind.EC, "x").certificate
        Connection.objects.create(organisation=self.organisation, certificate=certificate, **agreed)
        self.domain = MailDomain.objects.create(organisation=self.organisation, domain="x.invalid", token="x")

    def browser_of(self, role: str) -> Client:
        match role:
            case "anonymous":
                self.visitor = self.subject
                PeopleImport.objects.create(organisation=self.organisation, made_by=self.subject)
                return browser()
            case "half signed in":
                return half_signed_in(self.subject)
            case "employee":
                return self._signed_in(self.employee)
            case "support":
                return self._signed_in(UserFactory(in_support=True, with_totp=True))
            case "administrator":
                return self._signed_in(self._administrator())
            case _:
                return self._signed_in(UserFactory(superuser=True, with_totp=True))

    def _administrator(self) -> User:
        person = UserFactory(staff=True, with_totp=True, organisation=self.organisation)
        person.groups.add(Group.objects.get(name="Organisatiebeheer"))
        return person

    def _signed_in(self, person: User) -> Client:
        PeopleImport.objects.create(organisation=self.organisation, made_by=person)
        self.visitor = person
        client = browser()
        sign_in(client, person)
        return client

    def filled(self, route: str, client: Client) -> str:
        """The address of a route, its variable parts pointing at what exists; devices are one's own."""
        own = Authenticator.objects.filter(user_id=client.session.get(SESSION_KEY)).first()
        if own:
            route = route.replace("twee-staps-authenticatie/<int:pk>", f"twee-staps-authenticatie/{own.pk}")
        if own and "passkeys/<int:pk>" in route:
            facts = {"credential_id": b"1", "digest": f"{own.user_id}", "sealed_key": b"x", "name": "iPhone"}
            passkey, _is_new = Passkey.objects.get_or_create(user_id=own.user_id, defaults=facts)
            route = route.replace("passkeys/<int:pk>", f"passkeys/{passkey.pk}")
        for pattern, value in self.fillings(route):
            route = re.sub(pattern, value, route)
        route = route.replace("<app_label>", "accounts").replace("<url>", "zomaar")
        assert not re.search(r"[<>^$()]", route), f"fill the parts of {route}"
        return f"/{route}"

    def fillings(self, route: str) -> Iterator[tuple[str, str]]:
        of_organisation = "organisaties/" in route or "beheer/sso/" in route
        yield r"<slug:slug>", self.organisation.slug if of_organisation else self.environment.slug
        yield r"<slug:organisation>", self.organisation.slug
        yield r"<session_name:name>", "0123456789abcdef"
        yield r"<mailed:token>", "een-token"
        yield r"<path:content_type_id>/<path:object_id>", f"1/{self.subject.pk}"
        yield r"<int:version>", "1"
        yield r"<uuid:\w+>", "00000000-0000-0000-0000-000000000000"
        yield r"<int:width>", str(limits.PICTURE_WIDTHS[0])
        yield r"<(int|path):\w+>", str(self.object_of(route))

    def object_of(self, route: str) -> int:
        if "/environment/" in route or "<int:environment_id>" in route:
            return self.environment.pk
        if "/access/" in route or "<int:access_id>" in route:
            return self.environment.access.first().pk
        if "/organisation/" in route:
            return self.organisation.pk
        if "/group/" in route:
            return Group.objects.first().pk
        if "/domeinen/" in route:
            return self.domain.pk
        if "<int:import_id>" in route:
            return PeopleImport.objects.get(made_by=self.visitor).pk
        if "<int:entry_id>" in route:
            return AuditEntry.objects.filter(organisation=self.organisation).first().pk
        if "<int:intervention_id>" in route:
            return self.intervention.pk
        if "<int:report_id>" in route:
            return self.report.pk
        return self.subject.pk


def plain(route: str) -> str:
    """Django's own two regular expressions as they are meant."""
    route = re.sub(r"\^?\(\?P<app_label>[^)]*\)/\$", "<app_label>/", route)
    return route.replace("(?P<url>.*)$", "<url>")


def reaches(client: Client, address: str) -> bool:
    """Is this browser let in? Asked by GET, or by an empty POST where only that exists; nothing is kept of it."""
    undone = transaction.atomic()
    undone._from_testcase = True  # like the one around each test: somebody outside may be asked inside of it
    with undone:
        answer = client.get(address)
        if answer.status_code == 405:
            answer = client.post(address, {})
        transaction.set_rollback(True)
    if address == SIGN_OUT:
        return answer.status_code == 302  # leads to the sign-in, as it should
    if answer.status_code in (301, 302):
        if answer.url.startswith(CLOSED) or (answer.url == ADMINISTRATION and address != BEGIN):
            return False
        if address.startswith(ADMINISTRATION) and answer.url.startswith(address):
            return reaches(client, answer.url)  # Django's short address of an object
        return True
    return answer.status_code not in (403, 404)


def found() -> dict[str, tuple[str, ...]]:
    """For every address by its route: "yes" or "-" for each of `ROLES`."""
    world = World()
    routes = sorted({plain(route) for _name, route, _view in walk(get_resolver().url_patterns)})
    routes.sort(key=lambda route: "uitloggen" in route)
    answers: dict[str, list[str]] = {route: [] for route in routes}
    for role in ROLES:
        client = world.browser_of(role)
        for route in routes:
            answers[route].append("yes" if reaches(client, world.filled(route, client)) else "-")
    return {f"/{route}": tuple(row) for route, row in sorted(answers.items())}
