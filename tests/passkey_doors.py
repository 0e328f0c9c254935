"""Where a passkey is shown, for page tests: the code page, the page for fresh proof and the sign-in page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from accounts.models import User
from accounts.two_factor.models import Authenticator
from tests.conftest import browser, outlive_proof, prove
from tests.pages import CODE, half_signed_in, is_signed_in, session_row, shown, signed_in
from tests.passkeys_client import HONEST, Ceremony, Credential, Device, Twist, ceremony_of_sign_in, ceremony_on

ADD = "/persoonlijke-gegevens/passkeys/toevoegen/"
PROOF = "/bevestig-identiteit/"
PROTECTED = "/persoonlijke-gegevens/twee-staps-authenticatie/uitschakelen/"  # asks for fresh proof
ALERT = "notice--error"


@dataclass(frozen=True)
class Door:
    """``begin``: a browser before it, with the ceremony of its page; ``is_open``: was the passkey accepted."""

    name: str
    begin: Callable[[User], tuple[Client, Ceremony]]
    is_open: Callable[[Client], bool]

    def __str__(self) -> str:
        return self.name


def _before_the_code(person: User) -> tuple[Client, Ceremony]:
    client = half_signed_in(person)
    return client, ceremony_on(client, CODE)


def signed_in_anew(person: User) -> Client:
    """Signed in with password and code, also within the half minute of the code that was used last."""
    Authenticator.objects.filter(user=person).update(last_step=-1)
    return signed_in(person)


def _before_the_proof(person: User) -> tuple[Client, Ceremony]:
    client = signed_in_anew(person)
    outlive_proof(client)
    return client, ceremony_on(client, f"{PROOF}?next={PROTECTED}")


def _before_signing_in(_person: User) -> tuple[Client, Ceremony]:
    client = browser()
    return client, ceremony_of_sign_in(client)


SECOND_FACTOR = Door("second factor", _before_the_code, is_signed_in)
FRESH_PROOF = Door("fresh proof", _before_the_proof, lambda client: client.get(PROTECTED).status_code == 200)
WHOLE_SIGN_IN = Door("whole sign-in", _before_signing_in, is_signed_in)
DOORS = [SECOND_FACTOR, FRESH_PROOF, WHOLE_SIGN_IN]
at_every_door = pytest.mark.parametrize("door", DOORS, ids=str)


def present(client: Client, ceremony: Ceremony, credential: object) -> str:
    """Post what the device gave; the page that is seen in the end, which is never an error of ours."""
    answer = client.post(ceremony.address, ceremony.posted(credential))
    assert answer.status_code == 302, answer.status_code
    return shown(client, answer.url)


def enter(
    person: User, device: Device, door: Door, twist: Twist = HONEST, credential: Credential | None = None
) -> Client:
    """Go through a door with this device; in which browser."""
    client, ceremony = door.begin(person)
    present(client, ceremony, device.get(ceremony.options, twist, credential))
    return client


def register(person: User, device: Device, twist: Twist = HONEST) -> Client:
    """Add a passkey through the pages; in which browser."""
    client = signed_in_anew(person)
    prove(client)
    ceremony = ceremony_on(client, ADD)
    present(client, ceremony, device.create(ceremony.options, twist))
    return client


def person_in(client: Client) -> int | None:
    """Who is signed in there; None for nobody, or half."""
    return session_row(client).user_id if is_signed_in(client) else None
