"""What the portal of the run begins with, as JSON: `python -m tests.resilience.fill ISSUER PEOPLE`.

A process of its own, with the environment of that portal.
"""

from __future__ import annotations

import base64
import json
import sys

import django
from django.core.management import call_command


def main(issuer: str, people: int) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)

    from accounts.models import User
    from accounts.sso.models import Connection
    from tests.environments.people.staff import administrator
    from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory

    def secrets(found: list[User]) -> dict[str, str]:
        """In base32, by e-mail address."""
        return {one.email: base64.b32encode(one.authenticator_set.get().secret()).decode() for one in found}

    silent = OrganisationFactory(name="Stil", slug="stil")
    Connection.objects.create(organisation=silent, issuer=issuer, client_id="portaal", enabled=True)
    visitors = [UserFactory(with_totp=True) for _ in range(people)]
    environment = EnvironmentFactory(people=visitors)
    twins = [UserFactory(with_totp=True, email=f"tweeling{number}@voorbeeld.nl") for number in range(people // 2)]
    fresh = [UserFactory(email=f"nieuw{number}@voorbeeld.nl") for number in range(people // 2)]
    inviting = [
        administrator(environment.organisation, email=f"beheer{number}@voorbeeld.nl") for number in range(people // 10)
    ]
    told = {"secrets": secrets(visitors), "twins": secrets(twins), "inviting": secrets(inviting)}
    print(json.dumps(told | {"fresh": [one.email for one in fresh], "password": visitors[0].password}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
