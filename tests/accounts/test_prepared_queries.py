"""Queries whose SQL is made once find what the same query of the ORM finds, each time anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections
from django.db.models import BooleanField, CharField, DateTimeField, F, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.prepared_queries import Parameter, PreparedQuery
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once

pytestmark = pytest.mark.django_db


@PreparedQuery
def older() -> QuerySet[User]:
    which = {"email": Parameter("email", CharField()), "date_joined__lt": Parameter("before", DateTimeField())}
    found = User.objects.filter(**which, is_active=True).select_related("membership__organisation")
    return found.annotate(works_at=F("membership__organisation__name"))


@PreparedQuery
def staff() -> QuerySet[User]:
    return User.objects.filter(is_staff=Parameter("is_staff", BooleanField())).order_by("email")


def test_finds_whole_objects_with_their_relations_and_annotations(django_assert_num_queries: object) -> None:
    person = UserFactory(organisation=OrganisationFactory(name="Dijkgraaf"))
    alone = UserFactory()
    now = timezone.now() + timedelta(seconds=1)
    with django_assert_num_queries(2):
        found, lonely = older(email=person.email, before=now)[0], older(email=alone.email, before=now)[0]
        assert found.membership.organisation.name == found.works_at == "Dijkgraaf"
        assert getattr(lonely, "membership", None) is lonely.works_at is None
    fields = [field.attname for field in User._meta.concrete_fields]
    of_the_orm = User.objects.get(pk=person.pk)
    assert [getattr(found, name) for name in fields] == [getattr(of_the_orm, name) for name in fields]
    assert (found._state.adding, found._state.db) == (False, "default")


def test_asks_anew_each_time_with_its_own_values() -> None:
    person = UserFactory()
    assert older(email=person.email, before=person.date_joined) == []
    assert staff(is_staff=True) == []
    User.objects.filter(pk=person.pk).update(is_staff=True)
    assert staff(is_staff=True) == [person]
    assert staff(is_staff=False) == []
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert older(email=person.email, before=timezone.now()) == []


def test_text_of_a_visitor_is_a_value_and_never_sql() -> None:
    UserFactory()
    for text in ("' OR 1=1 --", "%s", "%(email)s", '"; DROP TABLE accounts_user; --'):
        assert older(email=text, before=timezone.now()) == []
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_each_thread_uses_its_own_connection() -> None:
    people = UserFactory.create_batch(4)
    now = timezone.now()

    def ask(person: User) -> tuple[list[User], int]:
        return older(email=person.email, before=now), id(connections["default"])

    answers = at_once([lambda person=person: ask(person) for person in people])
    assert [found for found, _connection in answers] == [[person] for person in people]
    assert len({used for _found, used in answers}) == 4
