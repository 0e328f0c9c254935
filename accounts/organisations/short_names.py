"""Short names are part of bookmarks, mails and the redirect address that a provider knows. So one that was given up, by
renaming or deletion, is never given to another organisation or environment: an old link would lead to somebody else.

Pages do not tell whether a refused name is in use or was used before.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.organisations.models import ShortName

REFUSED = _("This short name cannot be used. Choose another one.")


class TakenError(ValueError):
    """A short name was about to be given out a second time."""


def is_free(kind: ShortName.Kind, slug: str, owner: int | None) -> bool:
    """May this owner have it? ``owner``: primary key of the organisation or environment; None before it is stored."""
    return not ShortName.objects.filter(kind=kind, slug=slug.lower()).exclude(owner=owner or 0).exists()


def reserve(kind: ShortName.Kind, slug: str, *, owner: int) -> bool:
    """Store permanently whose name this is; False when it is another's. Of two parallel requests, one gets it."""
    kept, _created = ShortName.objects.get_or_create(kind=kind, slug=slug.lower(), defaults={"owner": owner})
    return kept.owner == owner


def assign(kind: ShortName.Kind, slug: str, *, owner: int, instead_of: str = "") -> None:
    """Give the name to this owner and reserve the earlier one. Raises TakenError when it is or was another's; pages ask
    `is_free` first."""
    if instead_of:
        reserve(kind, instead_of, owner=owner)
    if not reserve(kind, slug, owner=owner):
        raise TakenError(slug)
