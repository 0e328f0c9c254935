"""Which pages are judged, and the cookies with which each is reached. Needs a portal that runs, see `portal`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator
from tests.browser import tour
from tests.pages import ACTIVATE, CONFIRM, half_signed_in, signed_in

HELP = "/hulp/twee-staps-authenticatie/"
DETAILS = "/persoonlijke-gegevens/"
WITHOUT_SIGN_IN = (
    "/inloggen/",
    "/inloggen/sso/",
    "/wachtwoord-vergeten/",
    "/wachtwoord-vergeten/verstuurd/",
    "/uitgelogd/",
    HELP,
    "/bestaat-niet/",
)
WITH_PASSWORD_ALONE = ("/inloggen/verificatie/", "/inloggen/herstelcode/", "/inloggen/telefoon-kwijt/")
OF_AN_EMPLOYEE = (
    "/",
    DETAILS,
    CONFIRM,
    f"{DETAILS}wachtwoord/",
    f"{DETAILS}e-mailadres/",
    f"{DETAILS}sessies/",
    f"{DETAILS}activiteit/",
    "/omgevingen/wegen-en-bruggen/",
)
WITH_A_SECOND_STEP = (DETAILS, f"{DETAILS}herstelcodes/", f"{DETAILS}twee-staps-authenticatie/uitschakelen/")
IN_ADMINISTRATION = (
    "/beheer/",
    "/beheer/accounts/user/",
    "/beheer/accounts/user/add/",
    "/beheer/mensen/uitnodigen/",
    "/beheer/organisations/organisation/",
    "/beheer/environments/environment/",
    "/beheer/activiteit/",
    "/beheer/sso/",
    "/beheer/support/",
    "/beheer/support/meldingen/",
)


@dataclass
class Visit:
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    who: str = "visitor"

    def as_facts(self, portal: str) -> dict[str, object]:
        return asdict(self) | {"url": f"{portal}{self.address}"}


def for_lighthouse() -> list[Visit]:
    """The set-up first: its code lives ten minutes."""
    employee = _cookies(_employee())
    mine = [Visit(address, employee, "employee") for address in (CONFIRM, "/", DETAILS)]
    return [*mine, Visit("/inloggen/"), Visit(HELP)]


def for_pa11y(language: str) -> list[Visit]:
    AttemptCounter.objects.all().delete()
    User.objects.update(language=language)
    chosen = {"language": language}
    employee = _cookies(_employee()) | chosen
    verified = _cookies(_signed_in(tour.VERIFIED)) | chosen
    administrator = _cookies(_signed_in(tour.ADMINISTRATOR)) | chosen
    half = _cookies(half_signed_in(User.objects.get(email=tour.VERIFIED))) | chosen
    return [
        *[Visit(address, chosen) for address in WITHOUT_SIGN_IN],
        *[Visit(address, half, "password alone") for address in WITH_PASSWORD_ALONE],
        *[Visit(address, employee, "employee") for address in OF_AN_EMPLOYEE],
        *[Visit(address, verified, "second step") for address in WITH_A_SECOND_STEP],
        *[Visit(address, administrator, "administrator") for address in IN_ADMINISTRATION],
    ]


def _signed_in(address: str) -> Client:
    person = User.objects.get(email=address)
    Authenticator.objects.filter(user=person, confirmed=True).update(last_step=-1)
    return signed_in(person)


def _employee() -> Client:
    """Somebody half-way the set-up, with a QR code that lasts as long as the judging."""
    client = _signed_in(tour.EMPLOYEE)
    client.post(ACTIVATE)
    unfinished = Authenticator.objects.filter(user__email=tour.EMPLOYEE, confirmed=False)
    assert unfinished.update(created_at=timezone.now() + timedelta(hours=1)) == 1
    return client


def _cookies(client: Client) -> dict[str, str]:
    return {name: cookie.value for name, cookie in client.cookies.items()}
