"""What staff must not learn from the administration with only the permission to view people."""

from __future__ import annotations

import pytest

from accounts.active_sessions.models import Session
from tests.factories import UserFactory
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db

PEOPLE = "/beheer/accounts/user/"


@pytest.mark.parametrize("lookup", ["password", "password__startswith", "password__regex", "password__gt"])
def test_list_of_people_does_not_answer_questions_about_a_hash(lookup: str) -> None:  # ASVS 8.2.3
    person = UserFactory(email="iemand@voorbeeld.nl")
    support = signed_in(UserFactory(with_totp=True, in_support=True))
    asked = {"email": person.email, lookup: person.password}
    response = support.get(PEOPLE, asked)
    assert response.status_code == 400
    assert person.email not in text(response)


def test_list_of_people_does_not_answer_questions_about_sessions() -> None:
    person = UserFactory()
    signed_in(person)
    support = signed_in(UserFactory(with_totp=True, in_support=True))
    digest = Session.objects.get(user=person).digest
    assert support.get(PEOPLE, {"active_sessions__digest__startswith": digest[:6]}).status_code == 400


def test_list_of_people_still_filters() -> None:
    person = UserFactory(email="iemand@voorbeeld.nl")
    support = signed_in(UserFactory(with_totp=True, in_support=True))
    response = support.get(PEOPLE, {"is_active__exact": "1", "is_staff__exact": "0"})
    assert person.email in text(response)
