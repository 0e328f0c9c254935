"""In the package of environments, the highest layer that it fills."""

from __future__ import annotations

import base64
import os
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import CONSOLE
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations import memberships
from accounts.organisations.models import Organisation
from accounts.permissions.flows import Rights
from accounts.support import group
from accounts.two_factor.models import Authenticator
from accounts.two_factor.totp.flows import provisioning_uri
from environments.models import Access, Environment, Role

# Enough for a demonstration on one's own machine; real people choose their own.
WORDS = (  # noqa: SIM905 - a text reads better than a list of words
    "appel bakker boter brug dijk duin eiland fiets gracht haven heide herfst kaart kanaal klomp koepel lantaarn "
    "markt molen oever polder regen schuit sluis spoor terp toren veld vlieger vuurtoren wilg zeil"
).split()

ENVIRONMENTS = (
    ("Gemeente Voorbeeld", "Bomen en groen", "bomen-en-groen", "Bomen, perken en speelplekken in de openbare ruimte."),
    ("Gemeente Voorbeeld", "Wegen en bruggen", "wegen-en-bruggen", "Wegdek, bruggen en viaducten met hun onderhoud."),
    ("Gemeente Voorbeeld", "Openbare verlichting", "openbare-verlichting", "Lichtmasten, kabels en meldingen."),
    ("Wonen aan de Dijk", "Woningen", "woningen", "Woningen en gemeenschappelijke ruimten, met installaties."),
    ("Wonen aan de Dijk", "Riolering", "riolering", "Leidingen en putten rond onze gebouwen."),
)
PLACES = {"Gemeente Voorbeeld": "Voorbeelddorp", "Wonen aan de Dijk": "Dijkhuizen"}


class Command(BaseCommand):
    help = "Fills an empty database with people and environments to try the portal with, and prints who can sign in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing, in silence, when there are people")

    @transaction.atomic
    def handle(self, *args: Any, if_empty: bool = False, **options: Any) -> None:
        if User.objects.exists():
            if if_empty:
                return
            raise CommandError("This database has people in it already; demo data are only put into an empty one.")
        self._environments()
        self.stdout.write(f"Demo accounts for {settings.PUBLIC_URL}\n")
        employee = self._person("medewerker@voorbeeld.nl", "Mede", "Werker", "an employee")
        self._authenticator(self._person("veilig@voorbeeld.nl", "Veilig", "Werker", "an employee with a second step"))
        group.ensure_groups()
        self._worker("support@voorbeeld.nl", "Support", "Desk", "a support worker", group.SUPPORT)
        self._worker("support2@voorbeeld.nl", "Tweede", "Desk", "a second support worker, who approves", group.SUPPORT)
        role = "an administrator of one organisation"
        self._worker("organisatie@voorbeeld.nl", "Organisatie", "Beheer", role, group.ORGANISATION_ADMINISTRATORS)
        self._authenticator(
            self._person("beheer@voorbeeld.nl", "Be", "Heer", "an administrator", is_staff=True, is_superuser=True)
        )
        for person in User.objects.exclude(groups__name=group.SUPPORT):
            for environment in Environment.objects.all():
                if person != employee or environment.organisation.slug == "gemeente-voorbeeld":
                    role = Role.MANAGER if person.is_superuser else Role.READER
                    Access.objects.create(user=person, environment=environment, role=role)

    def _environments(self) -> None:
        town = Organisation.objects.create(
            name="Gemeente Voorbeeld", slug="gemeente-voorbeeld", colour="#1f6f54", contact="de servicedesk, kamer 1.12"
        )
        housing = Organisation.objects.create(
            name="Wonen aan de Dijk", slug="wonen-aan-de-dijk", colour="#8a3b12", contact="beheer@voorbeeld.nl"
        )
        owners = {town.name: town, housing.name: housing}
        for owner, name, slug, description in ENVIRONMENTS:
            Environment.objects.create(
                organisation=owners[owner],
                name=name,
                slug=slug,
                place=PLACES[owner],
                description=description,
                address=f"https://{slug}.voorbeeld.nl/",
            )

    def _person(self, email: str, first_name: str, last_name: str, role: str, **rights: bool) -> User:
        password = " ".join(secrets.SystemRandom().sample(WORDS, 5))  # each another: repetition is refused
        person = User.objects.create_user(email, password, first_name=first_name, last_name=last_name, **rights)
        memberships.join([person], Organisation.objects.get(slug="gemeente-voorbeeld"))
        self.stdout.write(f"\n{role}\n  address:       {email}\n  password:      {password}")
        if person.is_staff:
            self._note_rights(person)
        return person

    def _note_rights(self, person: User) -> None:
        """Without a mail: these people do not exist."""
        detail: dict[str, str | int] = {"before": "-", "after": str(Rights.of(person))}
        record(Event.RIGHTS_CHANGED, subject=person, origin=CONSOLE, detail=detail)

    def _worker(self, email: str, first_name: str, last_name: str, role: str, name: str) -> None:
        person = self._person(email, first_name, last_name, role, is_staff=True)
        person.groups.add(Group.objects.get(name=name))
        self._authenticator(person)

    def _authenticator(self, person: User) -> None:
        secret = os.urandom(limits.TOTP_SECRET_BYTES)
        device = Authenticator(user=person, name="Authenticator", confirmed=True)
        device.set_secret(secret)
        device.save()
        uri = provisioning_uri(person, base64.b32encode(secret).decode("ascii"))
        self.stdout.write(f"  authenticator: {uri}")
