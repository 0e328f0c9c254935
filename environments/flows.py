from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.audit.events import Event
from accounts.audit.ledger import record
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


@transaction.atomic
def give(user: User, environments: Iterable[Environment], *, actor: User, origin: Origin) -> int:
    """Let the person open these, and record each that is new. Returns how many were."""
    new = 0
    for environment in environments:
        _access, created = Access.objects.get_or_create(user=user, environment=environment)
        if created:
            _record(Event.ACCESS_GIVEN, user, environment, actor, origin)
            new += 1
    return new


@transaction.atomic
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
