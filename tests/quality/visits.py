"""Which pages Lighthouse judges, and the cookies with which each is reached. Needs a portal that runs, see `portal`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.two_factor.models import Authenticator
from tests.browser import page_tour
from tests.pages import ACTIVATE, CONFIRM, DETAILS, SIGN_IN, signed_in

HELP = "/hulp/twee-staps-authenticatie/"


@dataclass
class Visit:
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def as_facts(self, portal: str) -> dict[str, object]:
        return asdict(self) | {"url": f"{portal}{self.address}"}


def all_visits() -> list[Visit]:
    employee = _cookies(_employee())
    return [*[Visit(address, employee) for address in (CONFIRM, "/", DETAILS)], Visit(SIGN_IN), Visit(HELP)]


def _employee() -> Client:
    """Somebody half-way the set-up, with a QR code that lasts as long as the judging."""
    client = signed_in(User.objects.get(email=page_tour.EMPLOYEE))
    client.post(ACTIVATE)
    unfinished = Authenticator.objects.filter(user__email=page_tour.EMPLOYEE, confirmed=False)
    assert unfinished.update(created_at=timezone.now() + timedelta(hours=1)) == 1
    return client


def _cookies(client: Client) -> dict[str, str]:
    return {name: cookie.value for name, cookie in client.cookies.items()}
