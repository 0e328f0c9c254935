"""Whom the mail of an invitation names: the organisation, and a colleague who invites; never an address."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.passwords import inviter
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def invited() -> User:
    return UserFactory(organisation=OrganisationFactory(name="Gemeente Voorbeeld"), password="!")


def colleague(invited: User, **names: str) -> User:
    return UserFactory(organisation=invited.membership.organisation, **names)


def test_colleague_is_named(invited: User) -> None:
    actor = colleague(invited, first_name="Anna", last_name="de Vries")
    assert inviter.named(invited, actor) == {"organisation": "Gemeente Voorbeeld", "inviter": "Anna de Vries"}


@pytest.mark.parametrize("names", [("", ""), ("anna@x.nl", ""), ("Bel", "0900 1234"), ("www.evil.example", "")])
def test_colleague_whose_name_is_none_is_left_out(invited: User, names: tuple[str, str]) -> None:
    actor = colleague(invited, first_name=names[0], last_name=names[1])
    assert inviter.named(invited, actor) == {"organisation": "Gemeente Voorbeeld", "inviter": ""}


@pytest.mark.parametrize("who", ["of another organisation", "of none", "a command"])
def test_nobody_from_outside_is_named(invited: User, who: str) -> None:
    actor = {
        "of another organisation": lambda: UserFactory(organisation=OrganisationFactory(), first_name="Piet"),
        "of none": lambda: UserFactory(superuser=True, first_name="Piet"),
        "a command": lambda: None,
    }[who]()
    assert inviter.named(invited, actor) == {"organisation": "Gemeente Voorbeeld", "inviter": ""}


def test_without_an_organisation_nothing_is_named() -> None:
    assert inviter.named(UserFactory(), UserFactory(first_name="Piet")) == {"organisation": "", "inviter": ""}
