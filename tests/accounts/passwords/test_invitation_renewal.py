"""An invitation that no longer works: its page mails a fresh one, to the same address and to no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import flows, links
from accounts.passwords.links import Purpose
from tests.clock import later
from tests.conftest import mails
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import SIGN_IN, browser, shown, text

pytestmark = pytest.mark.django_db

SENT = "/wachtwoord-vergeten/verstuurd/"
SET_NEW = "/wachtwoord-instellen/"
OFFER = "Stuur een nieuwe mail"
NEW = "een heel nieuwe lange zin"
EXPIRED = limits.INVITATION_LINK + timedelta(minutes=1)

Capture = Callable[..., AbstractContextManager]


@pytest.fixture
def invited() -> User:
    person = UserFactory(password="!", email="nieuw@voorbeeld.nl", organisation=OrganisationFactory())
    flows.invite(person, actor=None, origin=Origin("192.0.2.7"))
    return person


@pytest.fixture
def press(django_capture_on_commit_callbacks: Capture) -> Callable[[str], list[str]]:
    """Press the button on the page of this link; the mails that follow."""

    def pressed(link: str) -> list[str]:
        before = len(mails())
        client = browser()
        client.get(link)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(SET_NEW, {"fresh": "1"})
        assert answer.get("Location", SENT) == SENT
        return [f"{message.to} {message.body}" for message in mails()[before:]]

    return pressed


def link_of(person: User, purpose: Purpose = Purpose.INVITATION) -> str:
    return f"{SET_NEW}{links.make(User.objects.get(pk=person.pk), purpose)}/"


def token_in(mail: str) -> str:
    return re.findall(r"/wachtwoord-instellen/(\S+)/", mail)[0]


def test_expired_invitation_mails_another_that_works_for_a_week(invited: User, press: Callable) -> None:
    link = link_of(invited)
    with later(EXPIRED):
        answer = browser().get(link, follow=True)
        assert answer.redirect_chain == [(SET_NEW, 302)]
        assert (answer.status_code, answer["Referrer-Policy"]) == (200, "same-origin"), "else its form has no origin"
        assert OFFER in text(answer)
        assert invited.email not in text(answer)
        (mail,) = press(link)
        assert mail.startswith("['nieuw@voorbeeld.nl']")
        assert links.invited(token_in(mail)) == invited
    with later(EXPIRED + limits.INVITATION_LINK - timedelta(minutes=5)):
        assert links.invited(token_in(mail)) == invited


def test_opening_the_page_mails_nothing(invited: User, django_capture_on_commit_callbacks: Capture) -> None:
    link = link_of(invited)
    with later(EXPIRED), django_capture_on_commit_callbacks(execute=True) as sent:
        browser().get(link, follow=True)
    assert sent == []


def test_link_of_a_page_that_was_left_open_is_offered_anew_too(invited: User) -> None:
    client = browser()
    client.get(link_of(invited))
    flows.invite(invited, actor=None, origin=Origin("192.0.2.7"))
    assert OFFER in shown(client, SET_NEW, {"new_password1": NEW, "new_password2": NEW})


def change(person: User, **fields: object) -> None:
    User.objects.filter(pk=person.pk).update(**fields)


# What happened since, and what a press mails: the number of mails, and whether it is an invitation.
SINCE = {
    "deactivated": ({"is_active": False}, 0, False),
    "has a password": ({"password": "argon2$x"}, 1, False),
    "signed in by a provider": ({"last_login": timezone.now()}, 1, False),
    "another address": ({"email": "ander@voorbeeld.nl"}, 1, True),
}


@pytest.mark.parametrize("since", SINCE)
def test_answer_is_the_same_whatever_became_of_the_invited(invited: User, press: Callable, since: str) -> None:
    fields, number, is_invitation = SINCE[since]
    link = link_of(invited)
    change(invited, **fields)
    with later(EXPIRED):
        page = text(browser().get(link, follow=True))
        assert OFFER in page
        assert "voorbeeld.nl" not in page.replace("assetmaps", "")
        sent = press(link)
        assert len(sent) == number
        assert [links.invited(token_in(mail)) is not None for mail in sent] == [is_invitation] * number
        assert all(User.objects.get(pk=invited.pk).email in mail for mail in sent)


def test_link_of_an_earlier_mail_voids_no_newer_invitation(invited: User, press: Callable) -> None:
    older = link_of(invited)
    flows.invite(invited, actor=None, origin=Origin("192.0.2.7"))
    newer = link_of(invited).split("/")[2]
    assert links.invited(older.split("/")[2]) is None
    assert len(press(older)) == 1
    assert links.invited(newer) == invited


def test_press_is_limited_as_a_forgotten_password_is(invited: User, press: Callable) -> None:
    link = link_of(invited)
    with later(EXPIRED):
        sent = [len(press(link)) for _ in range(limits.RESET_MAILS + 2)]
    assert sum(sent) == limits.RESET_MAILS


def test_invitation_of_long_ago_gives_a_link_of_an_hour(invited: User, press: Callable) -> None:
    link = link_of(invited)
    with later(limits.INVITATION_RENEWAL + timedelta(days=1)):
        (mail,) = press(link)
        assert links.invited(token_in(mail)) is None
        assert links.holder(token_in(mail)) == invited


@pytest.mark.parametrize("kind", ["reset", "forged"])
def test_only_a_signed_invitation_is_offered_anew(invited: User, press: Callable, kind: str) -> None:
    link = link_of(invited, Purpose.RESET) if kind == "reset" else link_of(invited).replace(":", ":x", 1)
    with later(EXPIRED):
        assert OFFER not in text(browser().get(link, follow=True))
        assert press(link) == []
    assert not AuditEntry.objects.filter(event="password_link_sent").exists()


def test_after_choosing_a_password_the_sign_in_knows_the_address(client: Client) -> None:
    person = UserFactory(password="!")
    client.get(link_of(person))
    answer = client.post(SET_NEW, {"new_password1": NEW, "new_password2": NEW})
    assert answer.url == SIGN_IN, "the address is not in the address bar"
    page = shown(client, SIGN_IN)
    assert f'value="{person.email}"' in page
    assert "Je wachtwoord is ingesteld. Log er nu mee in." in page
    assert re.search(r'<input[^>]*name="password"[^>]*autofocus', page)
    assert f'value="{person.email}"' in shown(client, SIGN_IN), "loaded again"
    client.get("/wachtwoord-vergeten/")
    assert person.email not in shown(client, SIGN_IN), "its page was left"
