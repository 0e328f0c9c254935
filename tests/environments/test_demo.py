"""The command `demo`."""

from __future__ import annotations

import re
from io import StringIO

import pyotp
import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.organisations.models import Organisation
from environments.models import Environment
from tests.factories import UserFactory
from tests.pages import CODE, SIGN_IN, browser, shown

pytestmark = pytest.mark.django_db


def run(**options: bool) -> str:
    out = StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def test_printed_people_can_sign_in() -> None:
    printed = run()
    people = re.findall(r"address: +(\S+)\n +password: +([^\n]+)(?:\n +authenticator: (\S+))?", printed)
    assert [bool(uri) for _address, _password, uri in people] == [False, True, True, True, True, True]
    for address, password, uri in people:
        client = browser()
        answer = client.post(SIGN_IN, {"username": address, "password": password})
        if uri:
            answer = client.post(CODE, {"code": pyotp.parse_uri(uri).now()})
        assert answer.url in ("/", "/begin/"), address
        assert "<h1>Mijn Omgevingen</h1>" in shown(client, "/")


def test_one_of_each_role_and_environments() -> None:
    run()
    assert User.objects.filter(is_superuser=True).count() == 1
    assert User.objects.filter(groups__name="Support").count() == 2  # four eyes take two
    assert User.objects.filter(groups__name="Organisatiebeheer", membership__isnull=False).count() == 1
    assert User.objects.count() == 6
    assert Environment.objects.count() == 5


# ASVS 6.3.2
def test_passwords_differ_every_time() -> None:
    first = run()
    User.objects.all().delete()
    Environment.objects.all().delete()
    Organisation.objects.all().delete()
    assert run() != first


def test_database_with_people_is_refused_and_left_alone() -> None:
    UserFactory()
    with pytest.raises(CommandError):
        run()
    assert User.objects.count() == 1
    assert not Environment.objects.exists()


def test_if_empty_does_nothing_in_silence() -> None:
    UserFactory()
    assert run(if_empty=True) == ""
    assert User.objects.count() == 1
