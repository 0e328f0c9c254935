"""An organisation with single sign-on, its people, and their steps at its provider."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.models import Connection, Identity, MailDomain
from tests.browser.screen import Screen
from tests.factories import OrganisationFactory, UserFactory
from tests.provider import CLIENT_ID, LocalProvider, account

WAY = "Inloggen met zakelijk account"
ADDRESS = "E-mailadres van je werk"
CONFIRM = "Bevestigen met zakelijk account"
LINK = "Zakelijk account koppelen"
Claims = dict[str, Any]


class Agreement:
    def __init__(self, organisation: Organisation, domain: str, provider: LocalProvider) -> None:
        self.organisation, self.domain, self.provider = organisation, domain, provider
        self.entry = f"/inloggen/sso/{organisation.slug}/"
        provider.accounts = []
        provider.save()

    @classmethod
    def make(cls, name: str, domain: str, provider: LocalProvider) -> Agreement:
        organisation = OrganisationFactory(name=name, slug=provider.organisation, contact="de helpdesk")
        connection = Connection(
            organisation=organisation,
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            enabled=True,
            vouching="amr",
            vouching_value="mfa",
            missing_proof="ask_ours",
        )
        connection.set_secret(provider.secret)
        connection.save()
        MailDomain.objects.create(organisation=organisation, domain=domain, token="x", proved_at=timezone.now())
        return cls(organisation, domain, provider)

    @property
    def connection(self) -> Connection:
        return Connection.objects.get(organisation=self.organisation)

    def change(self, **values: Any) -> None:
        Connection.objects.filter(organisation=self.organisation).update(**values)

    def hire(self, name: str, **claims: Any) -> Claims:
        """Somebody gets an account at the provider."""
        made = account(name, f"{name.split()[0].lower()}@{self.domain}", **claims)
        self.provider.accounts.append(made)
        self.provider.save()
        return made

    def rename(self, person: Claims, name: str) -> None:
        address = f"{name.split()[0].lower()}@{self.domain}"
        person |= account(name, address) | {"sub": person["sub"]}
        self.provider.save()

    def employee(self, name: str, *, claims: Claims | None = None, **traits: Any) -> tuple[Claims, User]:
        """Somebody with an account at the provider and a linked one here."""
        there = self.hire(name, **claims or {})
        here = UserFactory(email=there["email"], organisation=self.organisation, **traits)
        Identity.objects.create(
            organisation=self.organisation, issuer=self.provider.issuer, subject=there["sub"], user=here
        )
        return there, here

    # What a person does. ------------------------------------------------------------------------------------------

    def choose(self, screen: Screen, person: Claims) -> None:
        """The provider's own page asks who it is."""
        screen.heading(self.organisation.slug)
        screen.page.get_by_role("button", name=person["email"]).click()

    def go_there(self, screen: Screen) -> None:
        """By the organisation's own page."""
        screen.open(self.entry)
        screen.heading(WAY)
        screen.press(f"Inloggen bij {self.organisation.name}")

    def choose_without_coming_back(self, screen: Screen, person: Claims) -> str:
        """The same, but the browser does not follow the way back. Returns the address of ours that it would go to."""
        screen.heading(self.organisation.slug)
        asking = screen.page.context.request  # with the cookies of this browser
        chosen = asking.post(screen.page.url, form={"account": person["sub"]}, max_redirects=0)
        return asking.get(chosen.headers["location"], max_redirects=0).headers["location"]

    def sign_in(self, screen: Screen, person: Claims) -> None:
        self.go_there(screen)
        self.choose(screen, person)
        screen.heading("Mijn Omgevingen")

    def prove(self, screen: Screen, person: Claims) -> None:
        """ "Bevestig dat jij het bent", with reauthentication at the provider."""
        screen.heading("Bevestig dat jij het bent")
        screen.press(CONFIRM)
        self.choose(screen, person)


def find(screen: Screen, address: str) -> None:
    """From Inloggen by the address of somebody's work."""
    screen.open("/inloggen/")
    screen.follow(WAY)
    screen.heading(WAY)
    screen.page.get_by_label(ADDRESS).fill(address)
    screen.press("Ga verder")


def is_signed_in_as(screen: Screen, address: str) -> None:
    screen.open("/persoonlijke-gegevens/")
    screen.heading("Persoonlijke Gegevens")
    screen.says(address)
