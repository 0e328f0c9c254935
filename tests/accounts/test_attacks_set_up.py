"""A thief who has the password while there is no second step yet must be out once the owner activates it."""

from __future__ import annotations

import pytest

from accounts.two_factor.models import Authenticator
from tests.codes import phone
from tests.factories import UserFactory
from tests.pages import ACTIVATE, CONFIRM, groups_of_the_secret, is_signed_in, shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("thief_begins", [True, False])
def test_other_session_of_the_person_never_sees_the_secret(thief_begins: bool) -> None:
    person = UserFactory()
    thief, owner = signed_in(person), signed_in(person)
    first, second = (thief, owner) if thief_begins else (owner, thief)
    first.post(ACTIVATE)
    seen = groups_of_the_secret(shown(first, CONFIRM))
    assert seen
    assert groups_of_the_secret(shown(second, CONFIRM)) == ""
    second.post(ACTIVATE)
    assert groups_of_the_secret(shown(second, CONFIRM)) not in ("", seen)


def test_other_session_cannot_confirm_the_set_up() -> None:
    person = UserFactory()
    thief, owner = signed_in(person), signed_in(person)
    owner.post(ACTIVATE)
    thief.post(CONFIRM, {"code": phone(Authenticator.objects.get()).now()})
    assert not Authenticator.objects.get().confirmed


def test_second_tab_and_fresh_proof_keep_the_secret() -> None:
    owner = signed_in(UserFactory())
    owner.post(ACTIVATE)
    seen = groups_of_the_secret(shown(owner, CONFIRM))
    session = owner.session
    session.cycle_key()
    session.save()
    owner.cookies["__Host-session"] = session.session_key
    assert is_signed_in(owner)
    owner.post(ACTIVATE)
    assert groups_of_the_secret(shown(owner, CONFIRM)) == seen
