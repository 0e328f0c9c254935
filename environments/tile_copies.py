"""What `Access` copies of its environment, so that tiles are sorted by an index: kept when an environment changes, and
restored where earlier code, which knows no copies, changed one meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from environments.models import Access, Environment
from environments.name_order import by_name


def store(environment: Environment) -> None:
    """To their new place at everybody who may open it. By person, the order in which others lock several rows."""
    rows = Access.objects.filter(environment=environment)
    list(rows.select_for_update(no_key=True).order_by("user_id").values_list("pk", flat=True))
    rows.update(owner=environment.organisation_id, order_key=by_name(environment.name))


def store_if_changed(read: Iterable[Environment], users: Iterable[int]) -> None:
    """After rows of these people were added: of environments that were renamed or moved since they were read. The new
    rows keep others from doing so until the transaction ends."""
    before = {one.pk: (one.organisation_id, one.name) for one in read}
    for now in Environment.objects.filter(pk__in=before).only("organisation_id", "name"):
        if (now.organisation_id, now.name) != before[now.pk]:
            rows = Access.objects.filter(user__in=users, environment=now)
            rows.update(owner=now.organisation_id, order_key=by_name(now.name))


def restore() -> int:
    """Store anew where a copy disagrees. Returns the number of environments. Reads every access once."""
    right = {pk: (owner, by_name(name)) for pk, owner, name in _all()}
    stored = Access.objects.order_by().values_list("environment", "owner", "order_key").distinct()
    stale = {pk for pk, owner, key in stored if (owner, bytes(key or b"")) != right.get(pk)}
    for pk in sorted(stale):
        with transaction.atomic():
            for environment in Environment.objects.select_for_update(no_key=True).filter(pk=pk):
                store(environment)
    return len(stale)


def _all() -> Iterable[tuple[int, int, str]]:
    return Environment.objects.values_list("pk", "organisation_id", "name")
