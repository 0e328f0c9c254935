"""Every page of the portal, in every state that a visitor can meet: for the accessibility tests and the screenshots.

A stop is a generator: it leads the browser to a page, yields the page's name, and goes on to the next. The visitor may
change the width and the colours at every name, and must not leave the page.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.management import call_command
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import Route

from accounts.models import User
from accounts.passwords import links
from accounts.passwords.links import Purpose
from accounts.throttling.models import AttemptCounter
from accounts.two_factor.models import Authenticator
from environments.models import Environment
from tests.browser.screen import CHALLENGE, SET_UP, Screen
from tests.codes import code_of, wrong_code_of
from tests.factories import PASSWORD, UserFactory

EMPLOYEE = "medewerker@voorbeeld.nl"
NEWCOMER = "nieuw@voorbeeld.nl"
VERIFIED = "veilig@voorbeeld.nl"
DESK = "support@voorbeeld.nl"
ADMINISTRATOR = "beheer@voorbeeld.nl"

Tour = Callable[[Screen], Iterator[str]]


def people() -> None:
    """The demonstration's people and environments, all with the tests' password, and somebody without environments."""
    call_command("demo", stdout=io.StringIO())
    User.objects.update(password=make_password(PASSWORD))
    UserFactory(email=NEWCOMER)


def _sign_in(screen: Screen, address: str) -> None:
    """As a new visitor, whatever this browser was before."""
    _forget(screen)
    person = User.objects.get(email=address)
    verified = Authenticator.objects.filter(user=person, confirmed=True).update(last_step=-1)
    screen.sign_in(address, code_of(person) if verified else None)


def _forget(screen: Screen) -> None:
    screen.page.context.clear_cookies()
    AttemptCounter.objects.all().delete()
    cache.clear()


def signed_out(screen: Screen) -> Iterator[str]:
    screen.open("/inloggen/")
    yield "inloggen"
    screen.give_password(EMPLOYEE, "een fout wachtwoord")
    yield "inloggen-geweigerd"
    screen.give_password("", "")
    yield "inloggen-leeg"
    screen.open("/wachtwoord-vergeten/")
    yield "wachtwoord-vergeten"
    screen.open("/wachtwoord-vergeten/verstuurd/")
    yield "wachtwoord-link-verstuurd"
    screen.open("/wachtwoord-instellen/onbekend/")
    yield "wachtwoord-link-verlopen"
    screen.open(f"/wachtwoord-instellen/{links.make(User.objects.get(email=EMPLOYEE), Purpose.RESET)}/")
    yield "wachtwoord-instellen"
    screen.press("Wachtwoord opslaan")
    yield "wachtwoord-instellen-geweigerd"
    screen.open("/hulp/twee-staps-authenticatie/")
    yield "hulp"


def signed_in(screen: Screen) -> Iterator[str]:
    _sign_in(screen, EMPLOYEE)
    yield "mijn-omgevingen"
    screen.open("/persoonlijke-gegevens/")
    yield "persoonlijke-gegevens"
    screen.press("Opslaan")
    yield "persoonlijke-gegevens-opgeslagen"
    screen.open("/persoonlijke-gegevens/wachtwoord/")
    yield "wachtwoord-wijzigen"
    screen.press("Wachtwoord wijzigen")
    yield "wachtwoord-wijzigen-geweigerd"
    screen.sign_out()
    yield "uitgelogd"
    _sign_in(screen, NEWCOMER)
    yield "mijn-omgevingen-leeg"


def set_up(screen: Screen) -> Iterator[str]:
    _sign_in(screen, EMPLOYEE)
    screen.open(SET_UP)
    yield "instellen-begin"
    screen.begin_set_up()
    yield "instellen"
    screen.page.get_by_text("Lukt scannen niet?").click()
    yield "instellen-sleutel"
    screen.open(SET_UP)
    screen.give_code("12345")
    yield "instellen-geweigerd"
    Authenticator.objects.filter(confirmed=False).update(created_at=timezone.now() - timedelta(minutes=11))
    screen.open(SET_UP)
    yield "instellen-verlopen"
    screen.open("/")
    screen.activate()
    yield "persoonlijke-gegevens-aan"
    screen.open("/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/")
    yield "uitschakelen"
    screen.code.fill("1")
    screen.press("Uitschakelen")
    yield "uitschakelen-geweigerd"
    Authenticator.objects.filter(user__email=EMPLOYEE).delete()


def second_step(screen: Screen) -> Iterator[str]:
    _forget(screen)
    person = User.objects.get(email=VERIFIED)
    screen.give_password(VERIFIED)
    assert screen.address == CHALLENGE
    yield "verificatiecode"
    screen.give_code(wrong_code_of(person))
    yield "verificatiecode-geweigerd"
    for _attempt in range(4):
        screen.give_code(wrong_code_of(person))
    yield "verificatiecode-wachten"


def errors(screen: Screen) -> Iterator[str]:
    screen.open("/bestaat-niet/")
    yield "fout-404"
    screen.open("/inloggen/")
    screen.page.context.clear_cookies()
    screen.press("Inloggen")
    yield "fout-csrf"
    for name, status in (("bad_request", 400), ("forbidden", 403), ("server_error", 500)):
        # Put in place of an answer, because no visitor can call these up at will.
        screen.page.route("**/fout/", partial(_answer, render_to_string(f"errors/{name}.html")))
        screen.open("/fout/")
        yield f"fout-{status}"
        screen.page.unroute("**/fout/")


def _answer(text: str, route: Route) -> None:
    route.fulfill(body=text, content_type="text/html; charset=utf-8")


def administration(screen: Screen) -> Iterator[str]:
    _sign_in(screen, ADMINISTRATOR)
    employee, verified = User.objects.get(email=EMPLOYEE), User.objects.get(email=VERIFIED)
    for name, address in (
        ("beheer", ""),
        ("beheer-personen", "accounts/user/"),
        ("beheer-persoon", f"accounts/user/{verified.pk}/change/"),
        ("beheer-persoon-nieuw", "accounts/user/add/"),
        ("beheer-omgevingen", "environments/environment/"),
        ("beheer-omgeving", f"environments/environment/{Environment.objects.first().pk}/change/"),
        ("beheer-organisaties", "organisations/organisation/"),
        ("beheer-logboek", "audit/auditentry/"),
        ("beheer-herstellen-zonder", f"accounts/user/{employee.pk}/reset/"),
        ("beheer-herstellen", f"accounts/user/{verified.pk}/reset/"),
    ):
        screen.open(f"/beheer/{address}")
        yield name
    screen.press("Twee-staps-authenticatie herstellen")
    yield "beheer-herstellen-geweigerd"


ALL: tuple[Tour, ...] = (signed_out, signed_in, set_up, second_step, errors, administration)
