"""Names that every user of an environment knows; passwords must not be based on them."""

from __future__ import annotations

from collections.abc import Iterator

from environments.models import Environment


def of(person: object) -> Iterator[str]:
    """Names of the environments that the person may open, and of their organisations."""
    key = getattr(person, "pk", None)
    if key:
        open_to = Environment.objects.filter(access__user=key)
        for names in open_to.values_list("name", "slug", "organisation__name"):
            yield from names
