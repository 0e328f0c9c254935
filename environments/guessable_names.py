"""Names that everybody who works with an environment knows, for the rule that no password is built on them."""

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
