"""Queries and changes whose SQL is made once do what those of the ORM do, each time anew."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, models, transaction
from django.db.models import BooleanField, CharField, DateTimeField, F, QuerySet
from django.db.models.base import ModelState
from django.db.models.signals import post_save, pre_save
from django.utils import timezone

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.prepared_queries import Parameter, PreparedQuery, PreparedUpdate, insert
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


@PreparedUpdate
def rename() -> tuple[QuerySet[User], dict[str, object]]:
    now = User.objects.filter(email=Parameter("email", CharField()), first_name=Parameter("before", CharField()))
    return now, {"first_name": Parameter("name", CharField()), "last_login": None}


def test_changes_what_the_condition_finds_and_tells_how_much() -> None:
    person, other = UserFactory(first_name="Anna", last_login=timezone.now()), UserFactory(first_name="Anna")
    assert rename(email=person.email, before="Anna", name="Hanneke") == 1
    assert rename(email=person.email, before="Anna", name="' || email || '") == 0
    assert rename(email=other.email, before="Anna", name="' || email || '") == 1
    found = User.objects.values_list("first_name", "last_login")
    assert (found.get(pk=person.pk), found.get(pk=other.pk)) == (("Hanneke", None), ("' || email || '", None))


def _session(digest: str) -> Session:
    now = timezone.now()
    return Session(digest=digest, data="x", user=UserFactory(), started_at=now, seen_at=now, expires_at=now)


def _entry(_digest: str) -> AuditEntry:
    return AuditEntry(
        event="signed_in", subject=UserFactory(), detail={"factor": "“ü”"}, address="2001:DB8::1", code=""
    )


@pytest.mark.parametrize("make", [_session, _entry])
def test_inserts_what_saving_inserts(make: Callable[[str], models.Model]) -> None:
    row = make("0" * 64)
    assert not any(signal.has_listeners(type(row)) for signal in (pre_save, post_save))
    saved = copy.copy(row)
    saved._state = ModelState()
    saved.pk = "1" * 64 if row.pk else None
    insert(row)
    models.Model.save(saved, force_insert=True)
    assert (row._state.adding, row._state.db, row.pk == saved.pk) == (False, "default", False)
    names = [one.attname for one in row._meta.concrete_fields if not one.primary_key]
    written = type(row)._default_manager.values_list(*names)
    assert written.get(pk=row.pk) == written.get(pk=saved.pk)


def test_second_row_with_the_same_key_is_an_error_that_undoes_the_transaction() -> None:
    insert(_session("0" * 64))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(_session("0" * 64))
    assert Session.objects.count() == 1


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
