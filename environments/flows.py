from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.audit.events import Event
from accounts.audit.ledger import record, record_many
from accounts.audit.origin import Origin
from accounts.models import User
from environments.models import Access, Environment


@transaction.atomic
def open_environment(user: User, slug: str, origin: Origin) -> Environment | None:
    """The environment, with a note that it was opened; None when there is none or it is not this person's."""
    environment = Environment.objects.open_to(user).filter(slug=slug).first()
    if environment is not None:
        record(
            Event.ENVIRONMENT_OPENED,
            subject=user,
            origin=origin,
            detail={"environment": environment.slug},
        )
    return environment


def give(user: User, environments: Iterable[Environment], *, actor: User, origin: Origin) -> int:
    """Let the person open these, and record each that is new. Returns how many were."""
    return give_many([(user, environments)], actor=actor, origin=origin)


# Without a savepoint of its own: whoever asks for many has one around all of it.
@transaction.atomic(savepoint=False)
def give_many(wanted: Iterable[tuple[User, Iterable[Environment]]], *, actor: User, origin: Origin) -> int:
    """`give` for each of these people."""
    pairs = [(user, environment) for user, environments in wanted for environment in environments]
    users = {user.pk for user, _environment in pairs}
    has = set(Access.objects.filter(user__in=users).values_list("user", "environment")) if users else set()
    new = [(user, environment) for user, environment in pairs if (user.pk, environment.pk) not in has]
    # Who gives the same at the same moment stores nothing twice.
    rows = [Access(user=user, environment=environment) for user, environment in new]
    Access.objects.bulk_create(rows, ignore_conflicts=True)
    record_many(
        Event.ACCESS_GIVEN, [(user, {"environment": one.slug}) for user, one in new], actor=actor, origin=origin
    )
    return len(new)


@transaction.atomic(savepoint=False)
def take(user: User, environments: Iterable[Environment], *, actor: User, origin: Origin) -> int:
    """The person can no longer open these, from the next request on. Returns how many were taken away."""
    gone = 0
    for environment in environments:
        if Access.objects.filter(user=user, environment=environment).delete()[0]:
            _record(Event.ACCESS_TAKEN, user, environment, actor, origin)
            gone += 1
    return gone


@transaction.atomic
def delete(environment: Environment, *, actor: User, origin: Origin) -> None:
    """Delete it, and record for everybody who could open it that this ended."""
    rows = Access.objects.filter(environment=environment).select_related("user__membership")
    for access in rows.iterator(chunk_size=1000):
        _record(Event.ACCESS_TAKEN, access.user, environment, actor, origin)
    environment.delete()


def _record(event: Event, user: User, environment: Environment, actor: User, origin: Origin) -> None:
    record(event, subject=user, actor=actor, origin=origin, detail={"environment": environment.slug})
