"""Names that everybody in the organisation knows, for the rule that no password is built on them."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.organisations.models import Organisation


def of(person: object) -> Iterator[str]:
    """Names of the person's organisation; none for a person who is not stored yet."""
    key = getattr(person, "pk", None)
    if key:
        for names in Organisation.objects.filter(memberships__user=key).values_list("name", "slug"):
            yield from names
