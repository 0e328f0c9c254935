"""Fills the empty database of a side with people: `python -m benchmarks.people COUNT [ENVIRONMENTS]`.

Prints them as JSON.
Everybody has the same password. Of our side there are COUNT with an authenticator app and recovery codes, and as many
who have not set up anything; all may open the same three environments. With ENVIRONMENTS they may open that many, and
there is nobody without an app.
"""

from __future__ import annotations

import base64
import json
import sys
from datetime import timedelta
from typing import Any

import django

PASSWORD = "een lange zin als wachtwoord"


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.db import transaction

    with transaction.atomic():
        make = ours if settings.AUTH_USER_MODEL == "accounts.User" else bare
        print(json.dumps(make(*map(int, sys.argv[1:]))))


def bare(count: int) -> list[dict[str, str]]:
    from django.contrib.auth.models import User

    people = [User(username=name, first_name="Per", last_name="Soon") for name in map("persoon{}".format, range(count))]
    _with_password(people)
    User.objects.bulk_create(people)
    return [facts(person.username) for person in people]


def ours(count: int, environments: int = 0) -> list[dict[str, str]]:
    from accounts.audit.origin import CONSOLE
    from accounts.models import User
    from accounts.organisations.models import Membership, Organisation
    from accounts.two_factor.models import Authenticator
    from accounts.two_factor.recovery_codes import flows as recovery_codes
    from environments.models import Access, Environment

    organisation = Organisation.objects.create(name="Gemeente Voorbeeld", slug="voorbeeld")
    made = [_environment(Environment, organisation, number) for number in range(environments or 3)]
    found = []
    for number in range(count if environments else 2 * count):
        has_factor = number < count
        person = User(email=f"persoon{number}@voorbeeld.nl", first_name="Per", last_name="Soon")
        _with_password([person])
        person.save()
        Membership.objects.create(user=person, organisation=organisation)
        Access.objects.bulk_create(Access(user=person, environment=one) for one in made)
        found.append(facts(person.email))
        if has_factor:
            device = Authenticator(user=person, name="Telefoon", confirmed=True)
            secret = number.to_bytes(20, "big")
            device.set_secret(secret)
            device.save()
            recovery_codes.make(person, CONSOLE, mailed=False)
            found[-1]["secret"] = base64.b32encode(secret).decode()
    return found


def _environment(model: Any, organisation: Any, number: int) -> Any:
    name = ("Kaart", "Beheer", "Inspecties")[number % 3] + f" {number // 3}" * (number > 2)
    return model.objects.create(
        organisation=organisation, name=name, slug=f"omgeving-{number}", address=f"https://{number}.voorbeeld.nl/"
    )


def _with_password(people: list[Any]) -> None:
    """As after earlier sign-ins, so that nobody is here for the first time."""
    from django.utils import timezone

    for person in people:
        person.set_password(PASSWORD)
        person.last_login = timezone.now() - timedelta(days=1)


def facts(name: str) -> dict[str, str]:
    return {"name": name, "password": PASSWORD}


if __name__ == "__main__":
    main()
