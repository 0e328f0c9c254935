"""A thief with the password of an account without a second factor: the owner sets a new one and keeps the session."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.passwords import links
from accounts.passwords.links import Purpose
from tests.clock import later
from tests.conftest import mails, prove, sign_in
from tests.factories import PASSWORD, UserFactory
from tests.pages import SIGN_IN, browser, is_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "vier ezels lopen weg"
CROWDED = "Er is vaak ingelogd vanuit nieuwe browsers."


@pytest.fixture
def person() -> User:
    return UserFactory()


def reset_by_mail(person: User, client: Client) -> None:
    client.post("/wachtwoord-vergeten/", {"email": person.email})
    link = re.findall(r"https://mijn\.assetmaps\.nl(/wachtwoord-instellen/\S+)", mails()[-1].body)[0]
    client.get(link)
    return link


def set_new(client: Client) -> str:
    return shown(client, "/wachtwoord-instellen/", {"new_password1": NEW, "new_password2": NEW})


def test_sign_ins_void_no_link_so_the_new_password_of_the_owner_lands_and_the_thief_is_out(person: User) -> None:
    owner = browser()
    reset_by_mail(person, owner)
    thieves = [signed_in(person) for _ in range(4)]
    assert "Je wachtwoord is ingesteld." in set_new(owner)
    assert not any(is_signed_in(thief) for thief in thieves)
    owner.post(SIGN_IN, {"username": person.email, "password": NEW})
    assert is_signed_in(owner)


def test_opening_a_link_ends_no_session(person: User) -> None:
    """A scanner of mails opens every link."""
    client = signed_in(person)
    reset_by_mail(person, browser())
    assert is_signed_in(client)


def test_link_ends_all_the_same_when_the_password_or_the_address_changes(person: User) -> None:
    token = links.make(person, Purpose.RESET)
    User.objects.filter(pk=person.pk).update(email="ander@voorbeeld.nl")
    assert links.holder(token) is None


def test_thief_who_changes_the_password_on_and_on_is_stopped_after_a_few_and_then_the_link_stays(person: User) -> None:
    thief, old = signed_in(person), PASSWORD
    pages = []
    for number in range(limits.PASSWORD_CHANGES + 1):
        prove(thief)
        new = f"zeven lange gele banden {number}"
        values = {"old_password": old, "new_password1": new, "new_password2": new}
        pages.append(shown(thief, "/persoonlijke-gegevens/wachtwoord/", values))
        old = new
    assert "Je hebt je wachtwoord net al een paar keer gewijzigd." in pages[-1]
    owner = browser()
    reset_by_mail(person, owner)
    prove(thief)
    thief.post("/persoonlijke-gegevens/wachtwoord/", {"old_password": old, "new_password1": NEW, "new_password2": NEW})
    assert "Je wachtwoord is ingesteld." in set_new(owner)


def test_thief_in_new_browsers_does_not_throw_out_the_known_browser_of_the_owner(person: User) -> None:
    owner = signed_in(person)
    owner.post("/uitloggen/")
    sign_in(owner, person)
    for _ in range(limits.NEW_BROWSER_SIGN_INS + 2):
        sign_in(browser(), person)
        assert is_signed_in(owner)


def test_thief_whose_browsers_became_known_throws_out_only_their_own(person: User) -> None:
    owner = signed_in(person)
    owner.post("/uitloggen/")
    with later(timedelta(seconds=2)):
        sign_in(owner, person)
        thieves = [signed_in(person) for _ in range(limits.SESSIONS_AT_ONCE + 1)]
        for thief in thieves * 2:
            thief.post("/uitloggen/") if is_signed_in(thief) else None
            sign_in(thief, person)
        assert is_signed_in(owner)
        assert sum(is_signed_in(thief) for thief in thieves) == limits.SESSIONS_AT_ONCE - 1


def test_owner_gets_in_from_a_new_browser_when_five_known_ones_are_signed_in_and_none_of_these_ends(
    person: User,
) -> None:
    known = [signed_in(person) for _ in range(limits.SESSIONS_AT_ONCE)]
    for client in known:
        client.post("/uitloggen/")
        sign_in(client, person)
    assert is_signed_in(signed_in(person))
    assert is_signed_in(signed_in(person))
    assert all(is_signed_in(client) for client in known)


def test_right_passwords_from_new_browsers_are_told_by_mail_when_they_crowd_and_then_refused(person: User) -> None:
    visitors = [browser() for _ in range(limits.NEW_BROWSER_SIGN_INS + 1)]
    answers = [sign_in(visitor, person).url for visitor in visitors]
    assert answers == ["/"] * limits.NEW_BROWSER_SIGN_INS + [SIGN_IN]
    assert CROWDED in shown(visitors[-1], SIGN_IN)
    told = [message for message in mails() if message.subject == "Er is vaak ingelogd met je wachtwoord"]
    assert [message.to for message in told] == [[person.email]]
    with later(limits.NEW_BROWSER_SIGN_INS_PERIOD + timedelta(minutes=1)):
        assert [sign_in(browser(), person).url for _ in range(limits.NEW_BROWSER_SIGN_INS_TOLD)][-1] == "/"
    assert AuditEntry.objects.filter(event=Event.SIGN_INS_CROWD).count() == 1
    with later(limits.NEW_BROWSER_SIGN_INS_TOLD_AGAIN + timedelta(hours=1)):
        for _ in range(limits.NEW_BROWSER_SIGN_INS_TOLD):
            sign_in(browser(), person)
    assert AuditEntry.objects.filter(event=Event.SIGN_INS_CROWD).count() == 2


def test_new_password_by_mail_opens_to_the_owner_what_the_thief_has_crowded(person: User) -> None:
    for _ in range(limits.NEW_BROWSER_SIGN_INS + 1):
        sign_in(browser(), person)
    owner = browser()
    reset_by_mail(person, owner)
    set_new(owner)
    assert owner.post(SIGN_IN, {"username": person.email, "password": NEW}).url == "/"


def test_known_browser_is_not_counted_and_with_a_code_nobody_is() -> None:
    person, client = UserFactory(), browser()
    for _ in range(limits.NEW_BROWSER_SIGN_INS + 2):
        assert sign_in(client, person).url == "/"
        client.post("/uitloggen/")
    careful = UserFactory(with_totp=True)
    for _ in range(limits.NEW_BROWSER_SIGN_INS + 2):
        visitor = browser()
        assert visitor.post(SIGN_IN, {"username": careful.email, "password": PASSWORD}).url == "/inloggen/verificatie/"
