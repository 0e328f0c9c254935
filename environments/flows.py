from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import BigAutoField, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record, record_many
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import notices, scope, short_names, sign_in_policy
from accounts.organisations.models import Organisation, ShortName
from accounts.prepared_queries import Parameter, PreparedQuery
from environments import other_domains, tile_copies
from environments.address_change import flows as new_address
from environments.models import Access, Environment, Preferences, Role

MAY_GIVE_ACCESS = "environments.add_access"
NO_ROLES: Mapping[str, Role] = {}
DELETED_AT_ONCE = 1000  # people in memory


class Outcome(Enum):
    OPENED = auto()
    NOT_YOURS = auto()  # or it does not exist
    CLOSED = auto()  # for maintenance
    ASK_FIRST = auto()  # the person has not yet been warned that this is another domain


class Opening(NamedTuple):
    outcome: Outcome
    environment: Environment | None = None
    others: tuple[str, ...] = ()  # other hosts that the same warning names


def open_environment(user: User, slug: str, origin: Origin) -> Opening:
    """Open it and record when, unless the person must be warned first."""
    return _open(user, slug, origin, agreed=frozenset())


def continue_to(user: User, slug: str, hosts: Collection[str], origin: Origin) -> Opening:
    """Open it after a warning about ``hosts``; the person is not warned about these again, only about another one."""
    return _open(user, slug, origin, agreed=frozenset(hosts))


@transaction.atomic
def _open(user: User, slug: str, origin: Origin, *, agreed: frozenset[str]) -> Opening:
    access = _access(user, slug)
    if access is None:
        return Opening(Outcome.NOT_YOURS)
    environment = access.environment
    if new_address.is_due(environment) and new_address.take_effect_if_due(environment.pk):
        environment.refresh_from_db(fields=["address", *new_address.NOTHING_WAITS])
    if environment.is_closed and not administers(user, environment):
        return Opening(Outcome.CLOSED, environment)
    if environment.host not in agreed and other_domains.must_be_warned(access):
        return Opening(Outcome.ASK_FIRST, environment, other_domains.beside(access))
    if not Access.objects.filter(pk=access.pk).update(opened_at=timezone.now(), known_host=environment.host):
        return Opening(Outcome.NOT_YOURS)  # access was removed in the meantime
    other_domains.note(access, agreed)
    detail: dict[str, str | int] = {"environment": environment.slug}
    whose = environment.organisation
    record(Event.ENVIRONMENT_OPENED, subject=user, organisation=whose, origin=origin, detail=detail)
    return Opening(Outcome.OPENED, environment)


def _access(user: User, slug: str) -> Access | None:
    return Access.objects.filter(user=user, environment__slug=slug).select_related("environment__organisation").first()


def administers(user: User, environment: Environment) -> bool:
    """Is this an administrator of the environment's organisation?"""
    if not (user.is_active and user.is_staff and user.has_perm(MAY_GIVE_ACCESS)):
        return False
    mine = Environment.objects.filter(scope.organisations(user, "organisation_id"), pk=environment.pk)
    return mine.exists()


def in_scope(worker: User) -> Q:
    """The condition on the access rows that this worker sees and may delete: to environments in the worker's scope,
    whoever has it."""
    return scope.organisations(worker, "environment__organisation_id")


def set_favourite(user: User, slug: str, *, is_favourite: bool) -> bool:
    """Mark it as favourite, or no longer. False when it does not exist or is not this person's."""
    return bool(Access.objects.filter(user=user, environment__slug=slug).update(is_favourite=is_favourite))


def set_slash_key(user: User, *, works: bool) -> None:
    Preferences.objects.update_or_create(user=user, defaults={"slash_key": works})


@PreparedQuery
def _key_switched_off() -> QuerySet[Any]:
    mine = Preferences.objects.filter(user=Parameter("user", BigAutoField()), slash_key=False)
    return mine.values_list("user")


def slash_key_works(user: User) -> bool:
    return not _key_switched_off(user=user.pk)


@transaction.atomic
def set_role(access: Access, role: Role, *, actor: User, origin: Origin) -> bool:
    """Give the person another role in the environment. False when it was that already."""
    if not Access.objects.filter(pk=access.pk).exclude(role=role).update(role=role):
        return False
    _record(Event.ACCESS_GIVEN, access.user, access.environment, actor, origin, role=role.value)
    _notify_person(access.user, actor, given=[access.environment], role=role)
    return True


@transaction.atomic
def change_access(
    user: User, *, given: Iterable[Environment] = (), taken: Iterable[Environment] = (), actor: User, origin: Origin
) -> None:
    """`give` and `take` for one person, with one mail about both."""
    given, taken = list(given), list(taken)
    had = set(Access.objects.filter(user=user).values_list("environment", flat=True))
    give(user, given, actor=actor, origin=origin)
    take(user, taken, actor=actor, origin=origin)
    new = [one for one in given if one.pk not in had]
    _notify_person(user, actor, given=new, taken=[one for one in taken if one.pk in had])


def _notify_person(
    user: User,
    actor: User,
    *,
    given: Collection[Environment] = (),
    taken: Collection[Environment] = (),
    role: Role | None = None,
) -> None:
    if not (given or taken) or user == actor:
        return
    sending.send(
        "access_changed",
        user,
        in_bulk=True,
        given=_named(given),
        taken=_named(taken),
        role=role.label if role else "",
        address=settings.PUBLIC_URL + reverse("overview"),
        at=timezone.localtime(),
    )


def _named(some: Iterable[Environment]) -> str:
    return ", ".join(one.name for one in some)


def give(user: User, environments: Iterable[Environment], *, actor: User, origin: Origin) -> int:
    """Give access to these, and record each that is new. Returns the number of new ones."""
    return give_many([(user, environments)], actor=actor, origin=origin)


# Without a savepoint: callers with many people have one around all of them.
@transaction.atomic(savepoint=False)
def give_many(
    wanted: Iterable[tuple[User, Iterable[Environment]]],
    *,
    actor: User,
    origin: Origin,
    roles: Mapping[str, Role] = NO_ROLES,
    notify: bool = False,
) -> int:
    """`give` for each of these people. ``roles``: by address in lower case; without one it is the least. Access that
    exists keeps its role. ``notify``: each hears it by mail, for who gets no invitation."""
    pairs = [(user, environment) for user, environments in wanted for environment in environments]
    users = {user.pk for user, _environment in pairs}
    has = set(Access.objects.filter(user__in=users).values_list("user", "environment")) if users else set()
    new = [(user, environment) for user, environment in pairs if (user.pk, environment.pk) not in has]
    # A parallel request for the same stores nothing twice.
    role_of = {user.pk: roles.get(user.email.lower(), Role.READER) for user, _environment in new}
    rows = [Access(user=user, environment=environment, role=role_of[user.pk]) for user, environment in new]
    rows.sort(key=lambda row: (row.user_id, row.environment_id))  # the order in which others lock several people
    Access.objects.bulk_create(rows, ignore_conflicts=True)
    tile_copies.store_if_changed({one for _user, one in new}, users)
    by_organisation: defaultdict[int, list[tuple[User, dict[str, str | int]]]] = defaultdict(list)
    by_person: defaultdict[User, list[Environment]] = defaultdict(list)
    for user, one in new:
        by_person[user].append(one)
        detail: dict[str, str | int] = {"environment": one.slug}
        if role_of[user.pk] != Role.READER:
            detail["role"] = role_of[user.pk].value
        by_organisation[one.organisation_id].append((user, detail))
    for pk, about in by_organisation.items():
        record_many(Event.ACCESS_GIVEN, about, actor=actor, origin=origin, organisation=Organisation(pk=pk))
    for user, given in by_person.items() if notify else ():
        role = role_of[user.pk]
        _notify_person(user, actor, given=given, role=role if role != Role.READER else None)
    return len(new)


@transaction.atomic(savepoint=False)
def take(user: User, environments: Iterable[Environment], *, actor: User, origin: Origin) -> int:
    """Remove access to these, from the next request on. Returns the number removed."""
    gone = 0
    for environment in environments:
        if Access.objects.filter(user=user, environment=environment).delete()[0]:
            _record(Event.ACCESS_TAKEN, user, environment, actor, origin)
            gone += 1
    return gone


@transaction.atomic
def delete(environment: Environment, *, actor: User, origin: Origin) -> None:
    """Delete it, record for everybody who could open it that this ended, and tell its administrators."""
    # Locked: access given in parallel would be lost without an audit entry.
    Environment.objects.select_for_update().filter(pk=environment.pk).first()
    rows = Access.objects.filter(environment=environment)
    everybody = rows.select_related("user__membership").order_by("pk")
    detail: dict[str, str | int] = {"environment": environment.slug}
    some = list(everybody[:DELETED_AT_ONCE])
    while some:  # in batches: PgBouncer may not allow a cursor, and one query would hold all of them in memory
        # In the audit trail of each person's organisation; that of the environment's records the deletion.
        record_many(Event.ACCESS_TAKEN, [(access.user, detail) for access in some], actor=actor, origin=origin)
        some = list(everybody.filter(pk__gt=some[-1].pk)[:DELETED_AT_ONCE])
    count = rows.delete()[0]
    owner, name = environment.organisation, environment.name
    short_names.reserve(ShortName.Kind.ENVIRONMENT, environment.slug, owner=environment.pk)
    environment.delete()
    facts: dict[str, str | int] = {**detail, "name": name, "address": environment.address, "count": count}
    entry = record(
        Event.ENVIRONMENT_DELETED, subject=None, actor=actor, organisation=owner, origin=origin, detail=facts
    )
    page = reverse("admin:environments_environment_changelist")
    notices.notify(entry, sign_in_policy.recipients(owner, besides=actor), about=name, page=page)


def _record(event: Event, user: User, environment: Environment, actor: User, origin: Origin, **more: str) -> None:
    """In the audit trail of the environment's organisation, which is responsible for its access, also when the person
    belongs to another organisation or to none."""
    detail: dict[str, str | int] = {"environment": environment.slug, **more}
    record(event, subject=user, actor=actor, organisation=environment.organisation, origin=origin, detail=detail)
