"""Whatever is sent to whatever address: an answer below 500."""

from __future__ import annotations

import logging
import re

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.conftest import sign_in
from tests.factories import EnvironmentFactory, UserFactory
from tests.test_structure import walk

METHODS = ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "VREEMD"]
PARTS = ["1", "99999999999999999999", "bestaat-niet", "%00", "%F0%9F%92%A5"]
QUERY = (
    "?next=//elders.example&voor=99999999999999999999&voor=-1&p=-1&o=99999.x&q=%00&e=1&_popup=1&all=&"
    "id__exact=abc&at__gte=abc&second_step=x&is_staff__exact=%00&app_label=accounts&model_name=user&field_name=x&term=%00"
)
FORM = "application/x-www-form-urlencoded"
BODIES = [
    (b"", FORM),
    (b"username=%00&password=%ff&code=%d9%a1&next=%0d%0aSet-Cookie:a&reason=&_save=1&action=x", FORM),
    (b"\xff\xfe{[", "application/json"),
    (b"--x\r\nkapot", "multipart/form-data; boundary=x"),
    (b"x", "multipart/form-data"),
    (b"a=1&" * 2000, FORM),
]  # fmt: skip


def addresses() -> list[str]:
    found = set()
    for _name, route, _view in walk(get_resolver().url_patterns):
        plain = re.sub(r"\(\?P<\w+>\.\*\)\$?|[\^$]", "", route).replace(r"\Z", "")
        for part in PARTS:
            found.add("/" + re.sub(r"<[^>]+>", part, plain))
    return sorted(found, key=lambda address: ("uitloggen" in address, address))  # signing out comes last


def answers(client: Client, address: str, number: int, *, everything: bool) -> dict[str, int]:
    """``everything``: each method and each body; else one of the methods and two of the bodies, by the number of the
    address, so that neighbours get others."""
    found = {"GET": client.get(address + QUERY, secure=True).status_code}
    if any(part in address for part in PARTS[1:]):
        return found  # the same view as with the first part
    methods = METHODS if everything else ["TRACE", METHODS[number % len(METHODS)]]
    bodies = range(len(BODIES)) if everything else {number % len(BODIES), (number + 2) % len(BODIES)}
    for method in methods:
        found[f"{method} "] = client.generic(method, address, secure=True).status_code
    for one in bodies:
        body, kind = BODIES[one]
        found[f"POST {one}"] = client.post(address, body, content_type=kind, secure=True).status_code
    assert found["TRACE "] == 405, address
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["nobody", "somebody", "administrator"])
def test_every_address_answers_every_method_and_any_rubbish_below_500(who: str, request: pytest.FixtureRequest) -> None:
    """All of it to whoever may do everything; whoever is stopped sooner gets a part of it at each address."""
    # ASVS 16.5.1, 13.4.4
    logging.disable(logging.ERROR)  # thousands of lines that nobody reads make up most of the time
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    client = Client(raise_request_exception=False)
    person = UserFactory(with_totp=True, superuser=who == "administrator")
    EnvironmentFactory(people=[person])
    if who != "nobody":
        sign_in(client, person)
    wrong = {}
    for number, address in enumerate(addresses()):
        if "uitloggen" in address and who != "nobody":
            assert client.get("/").status_code == 200, "something ended the session, so the rest was asked signed out"
        found = answers(client, address, number, everything=who == "administrator")
        wrong |= {f"{method} {address}": status for method, status in found.items() if status >= 500}
    assert wrong == {}
