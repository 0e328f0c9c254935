"""The people whom an intervention is about."""

from __future__ import annotations

from accounts.models import User


def lock_people(subject: User, worker: User | None) -> tuple[User, User | None]:
    """Both rows, locked in one order, so that two workers who help each other do not deadlock.

    The lock on the worker's row keeps the count of resets exact under parallel requests.
    """
    keys = {subject.pk, worker.pk} if worker else {subject.pk}
    people = User.objects.select_for_update(of=("self",)).select_related("membership__organisation")
    found = {person.pk: person for person in people.filter(pk__in=keys).order_by("pk")}
    return found[subject.pk], found[worker.pk] if worker else None
