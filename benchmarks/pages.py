"""How long the server works on each page: `python -m benchmarks.pages`.

Every address of the portal outside the administration is asked for as a visitor, with the password alone, as an
employee half-way the set-up, and as somebody with a second step and sixty environments. What answers with a page is
measured: processor time of the whole program, of it in the database (SQLite in memory, without the network that
PostgreSQL adds), the difference, the number of statements, and the ratio to `/robots.txt`, which passes through the
same program and draws nothing. All pages take turns, so that the ratios hold when the machine's speed drifts. With `-v`
also the slowest tenth.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from dataclasses import dataclass, field

import django

GOAL_MS = 20  # beside the database
ROUNDS, WARM = 40, 5
YARDSTICK = "/robots.txt"
ENVIRONMENTS = 60
PEOPLE = ("half@voorbeeld.nl", "employee@voorbeeld.nl", "verified@voorbeeld.nl")


def set_up() -> None:
    """A portal in this process, with an empty database in memory and hashes that take no time."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["benchmarks.hashers.NoHash"]
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


@dataclass
class Clock:
    """Around every statement; without what Django does to make one and to read its answer."""

    spent: float = 0
    statements: int = 0

    def __call__(self, execute, sql, parameters, many, context):
        start = time.process_time()
        try:
            return execute(sql, parameters, many, context)
        finally:
            self.spent += time.process_time() - start
            self.statements += 1


@dataclass
class Page:
    who: str
    address: str
    client: object
    totals: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    statements: int = 0

    def ask(self) -> object:
        """Ask for it once, and note what it cost in milliseconds."""
        from django.db import connection

        clock = Clock()
        with connection.execute_wrapper(clock):
            start = time.process_time()
            answer = self.client.get(self.address)
            self.totals.append((time.process_time() - start) * 1000)
        self.database.append(clock.spent * 1000)
        self.statements = clock.statements
        return answer

    @property
    def own(self) -> list[float]:
        return [total - database for total, database in zip(self.totals, self.database, strict=True)]

    def forget(self) -> None:
        self.totals.clear()
        self.database.clear()


def browsers() -> dict[str, object]:
    """Who looks, each in a browser of its own that was not used yet."""
    from accounts.models import User
    from tests.conftest import browser
    from tests.pages import ACTIVATE, half_signed_in, signed_in

    half, employee, verified = (
        User.objects.get(email=f"{who}@voorbeeld.nl") for who in ("half", "employee", "verified")
    )
    clients = {
        "visitor": browser(),
        "password alone": half_signed_in(half),
        "employee": signed_in(employee),
        "second step": signed_in(verified),
    }
    clients["employee"].post(ACTIVATE)
    return clients


def people() -> None:
    from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory

    half, employee, verified = PEOPLE
    UserFactory(email=half, with_totp=True)
    few, many = UserFactory(email=employee), UserFactory(email=verified, with_totp=True)
    organisation = OrganisationFactory()
    EnvironmentFactory(slug="kaart", organisation=organisation, people=[few, many])
    for _ in range(ENVIRONMENTS - 1):
        EnvironmentFactory(organisation=organisation, people=[many])


def pages() -> list[Page]:
    """Which addresses are pages is found out by other browsers: one that asks for everything may change its session."""
    from accounts.two_factor.models import Authenticator
    from tests.addresses import filled

    addresses = sorted({address for _name, address in filled(1, "kaart") if not address.startswith("/beheer/")})
    scouts = browsers()
    Authenticator.objects.update(last_step=-1)
    return [
        Page(who, address, client)
        for who, client in browsers().items()
        for address in addresses
        if _is_page(scouts[who].get(address))
    ]


def _is_page(answer: object) -> bool:
    return answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html")


def measure(found: list[Page], yardstick: Page) -> None:
    for round_ in range(WARM + ROUNDS):
        if round_ == WARM:
            for page in (*found, yardstick):
                page.forget()
        for page in (*found, yardstick):
            answer = page.ask()
            assert answer.status_code == 200, (page.who, page.address, answer.status_code)


def line(page: Page, unit: float) -> str:
    total, database, own = (statistics.median(times) for times in (page.totals, page.database, page.own))
    high = f"{statistics.quantiles(page.own, n=10)[-1]:9.1f}" if "-v" in sys.argv else ""
    slow = "  SLOW" if own > GOAL_MS else ""
    name = f"{page.who:<15}{page.address:<58}"
    return f"{name}{total:7.1f}{database:9.1f}{own:7.1f}{page.statements:11}{total / unit:9.1f}{high}{slow}"


def drawing() -> float:
    """Median milliseconds of one QR code, which the set-up page draws anew each time."""
    from accounts.models import User
    from accounts.two_factor.totp import flows, qr

    uri = flows.provisioning_uri(User(email="een.medewerker@voorbeeld.nl"), "A2B3C4D5" * 4)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        qr.picture(uri)
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    set_up()
    people()
    found = pages()
    yardstick = Page("", YARDSTICK, found[0].client)
    measure(found, yardstick)
    unit = statistics.median(yardstick.totals)
    high = "   slowest 10 %" if "-v" in sys.argv else ""
    print(f"{'who':<15}{'page':<58}total ms database   rest statements {YARDSTICK:>8} x{high}")
    print("\n".join(line(page, unit) for page in found))
    print(f"\n{YARDSTICK}: {unit:.2f} ms; one QR code: {drawing():.1f} ms")
    slow = sum(statistics.median(page.own) > GOAL_MS for page in found)
    print(f"{slow} of {len(found)} pages take longer than {GOAL_MS} ms beside the database")


if __name__ == "__main__":
    main()
