"""Every address of the portal and its administration, filled in so that each reaches its page."""

from __future__ import annotations

import re
from uuid import UUID

from django.urls import Resolver404, get_resolver, resolve

from accounts.models import User
from environments.models import Environment
from tests.test_structure import OPEN_TO_ALL, walk


def closed_addresses(person: User, session: str) -> list[tuple[str, str]]:
    """Every address that asks for sign-in, as (name, address), with the numbers of this person in it.

    ``session``: the name of a session, sixteen hexadecimal digits of its digest.
    """
    found = [(name, _filled(route, person, session)) for name, route, _view in walk(get_resolver().url_patterns)]
    closed = [(name, address) for name, address in found if name not in OPEN_TO_ALL or name == "admin:login"]
    assert len(closed) > 50
    for name, address in closed:
        assert name == "admin:None" or _name(address) == name, f"{address} does not reach {name}"
    return closed


# One of each kind: a page, a form, a picture, what a script asks for, an administration page, Django's own, a download.
KINDS = {
    "overview",
    "personal_details",
    "totp_activate",
    "environment_picture",
    "support_find",
    "audit_export",
    "admin:index",
}


def some_closed_addresses(person: User, session: str) -> list[tuple[str, str]]:
    """For a browser: `tests/accounts/test_access_control.py` asks for every address, in a tenth of the time."""
    found = [(name, address) for name, address in closed_addresses(person, session) if name in KINDS]
    assert {name for name, _address in found} == KINDS
    return found


def _filled(route: str, person: User, session: str) -> str:
    address = re.sub(r"<path:object_id>|<int:\w+>", str(person.pk), route)
    address = address.replace("<slug:slug>", Environment.objects.get().slug).replace("<str:token>", "x")
    address = re.sub(r"<uuid:\w+>", str(UUID(int=person.pk)), address)
    address = address.replace("<session_name:name>", session)
    address = address.replace("(?P<url>.*)$", "bestaat-niet/").replace("^", "")
    address = re.sub(r"\(\?P<app_label>(\w+)[^)]*\)/\$", r"\1/", address)
    return "/" + re.sub(r"<[\w:]+>", "1", address)


def _name(address: str) -> str | None:
    """What stands at the address. Redirects and the catch-all in Django's administration have no name."""
    try:
        return resolve(address).view_name
    except Resolver404:
        return None
