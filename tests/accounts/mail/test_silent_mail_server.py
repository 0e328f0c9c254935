"""A mail server that accepts connections and never answers: no visitor waits, and the memory does not fill up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import BoundedSemaphore

import pytest
from pytest_django import Settings

from accounts.mail import sending
from accounts.models import User
from assetmaps.mail_preview.examples import EXAMPLES
from tests.conftest import browser
from tests.factories import UserFactory
from tests.outbound.portal import silent_provider

FACTS = EXAMPLES["help_asked"][0]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _silent(settings: Settings) -> Iterator[None]:
    with silent_provider() as listening:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = listening.getsockname()[:2]
        settings.EMAIL_TIMEOUT = 0.5
        yield
        sending.wait_until_sent()


def test_visitors_do_not_wait_for_the_mail_server(caplog: pytest.LogCaptureFixture) -> None:
    people: list[User] = [UserFactory() for _ in range(6)]
    began = time.monotonic()
    answers = [browser().post("/wachtwoord-vergeten/", {"email": person.email}) for person in people]
    assert time.monotonic() - began < 0.5 * len(people) / sending.SENDER_THREADS + 1.5
    assert {one.status_code for one in answers} == {302}
    sending.wait_until_sent()
    assert caplog.text.count("mail password_link could not be sent") == len(people)


def test_queue_is_bounded_and_accepts_messages_again_after_sending(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sending, "_queue_slots", BoundedSemaphore(3))
    person = UserFactory()
    for in_bulk in (False, True, False, True, False):
        sending.send("help_asked", person, in_bulk=in_bulk, **FACTS)
    assert caplog.text.count("too many wait already") == 2
    sending.wait_until_sent()
    assert caplog.text.count("could not be sent") == 5  # the other three were tried
    sending.send("help_asked", person, **FACTS)
    assert caplog.text.count("too many wait already") == 2
