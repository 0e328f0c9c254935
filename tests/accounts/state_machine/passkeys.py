"""Passkeys of the actors, each through the page that asks for it; what a page does not offer is not done."""

from __future__ import annotations

import re

from accounts.models import User
from accounts.two_factor.models import Authenticator, Passkey
from tests.accounts.state_machine.window import Window
from tests.pages import CODE
from tests.passkey_doors import ADD
from tests.passkeys_client import (
    HONEST,
    SYNCED,
    AlreadyThereError,
    Ceremony,
    Credential,
    Device,
    NothingAllowedError,
    Twist,
    ceremony_in,
    ceremony_of_sign_in,
)

OFFER = "/persoonlijke-gegevens/passkeys/aanbod/"
PROOF = "/bevestig-identiteit/"
HIDDEN = re.compile(r'name="shown" value="([^"]*)"')


def add(window: Window, device: Device, person: User) -> bool:
    """On the page that adds one, if it opens. Whether the account has it now."""
    ceremony = ceremony_in(window.get(ADD).content.decode(), ADD)
    return bool(ceremony) and _store(window, ceremony, device, person)


def add_unasked(window: Window, device: Device, person: User) -> bool:
    """As a browser does that makes passkeys by itself after a sign-in with a code, without asking its user."""
    answer = window.get(OFFER)
    told = answer.json() if answer.status_code == 200 else {}
    if not told:
        return False
    ceremony = Ceremony("create", told["options"], told["ceremony"], ADD)
    return _store(window, ceremony, device, person, Twist(flags=SYNCED), accept="application/json")


def _store(
    window: Window, ceremony: Ceremony, device: Device, person: User, twist: Twist = HONEST, accept: str = "*/*"
) -> bool:
    try:
        made = device.create(ceremony.options, twist)
    except AlreadyThereError:
        return False
    led_there = window.get("/").status_code == 302  # nothing but this page is open to the session
    window.post(ADD, ceremony.posted(made), headers={"accept": accept})
    mine = Passkey.objects.filter(user=person)
    if not mine.filter(credential_id=device.credentials[-1].id):
        device.credentials.pop()
        return False
    is_only_factor = mine.count() == 1 and not Authenticator.objects.filter(user=person, confirmed=True)
    window.showed_passkey = window.showed_passkey or led_there or is_only_factor
    return True


def known(device: Device, person: User, *, alone: bool = False) -> Credential | None:
    """The newest one in the device that the account has. ``alone``: and that can be the whole sign-in, as one that was
    made unasked cannot before its first use."""
    mine = Passkey.objects.filter(user=person, **({"has_verified": True} if alone else {}))
    stored = {bytes(one) for one in mine.values_list("credential_id", flat=True)}
    return next((one for one in reversed(device.credentials) if one.id in stored), None)


def sign_in(window: Window, device: Device, credential: Credential | None = None) -> None:
    """Nothing but the passkey; ``credential``: which one, otherwise the newest."""
    if device.credentials:
        ceremony = ceremony_of_sign_in(window)
        window.post(ceremony.address, ceremony.posted(device.get(ceremony.options, credential=credential)))
        window.showed_passkey = True


def show(window: Window, device: Device, page: str = CODE) -> dict[str, dict[str, str]]:
    """At a page that asks for a second factor or fresh proof. What was posted, by address; nothing where the page asks
    for no passkey, or for none of this device."""
    ceremony = ceremony_in(window.get(page).content.decode(), page)
    if ceremony is None:
        return {}
    try:
        posted = ceremony.posted(device.get(ceremony.options))
    except NothingAllowedError:
        return {}
    window.post(ceremony.address, posted)
    window.showed_passkey = True
    return {ceremony.address: posted}


def remove(window: Window, person: User, *, which: Credential | None = None) -> None:
    """One of them, or all that the page lets one remove."""
    mine = Passkey.objects.filter(user=person)
    for passkey in mine.filter(credential_id=which.id) if which else mine:
        window.post(f"/persoonlijke-gegevens/passkeys/{passkey.pk}/verwijderen/")


def demand(window: Window, page: str, day: str) -> None:
    """Of everybody in the organisation from this day, after the dry run."""
    choice = {"whom": "everybody", "first_day": day}
    found = HIDDEN.search(window.get(page, choice).content.decode())
    if found:
        window.post(page, choice | {"shown": found[1]})
