from __future__ import annotations

import pytest

from accounts.email_address import links as address_links
from accounts.passwords import links
from accounts.passwords.links import Purpose
from tests.factories import UserFactory
from tests.pages import is_signed_in, signed_in

NEW = "a-new-one-" * 6


# ASVS 11.2.2, 13.3.4
@pytest.mark.django_db
def test_new_secret_key_signs_nobody_out_while_the_old_one_is_kept(settings: object) -> None:
    client = signed_in(UserFactory(with_totp=True))
    old, number = settings.SECRET_KEY, client.session.session_key
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [old]
    assert is_signed_in(client)
    # As long as processes with and without the new key take turns, no request may take the session from another one.
    assert client.session.session_key == number
    settings.SECRET_KEY_FALLBACKS = []
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_mailed_links_outlive_a_new_secret_key_while_the_old_one_is_kept(settings: object) -> None:
    person = UserFactory()
    reset, address = links.make(person, Purpose.RESET), address_links.make(person, "nieuw@voorbeeld.nl")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [settings.SECRET_KEY]
    assert links.holder(reset) == person
    assert address_links.new_address(address, person) == "nieuw@voorbeeld.nl"
    person.set_password("een ander wachtwoord 1")
    person.save()
    assert links.holder(reset) is None
    settings.SECRET_KEY_FALLBACKS = []
    assert links.holder(links.make(person, Purpose.RESET)) == person
    assert links.holder(reset) is None
