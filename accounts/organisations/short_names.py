"""Short names stand in bookmarks, in mails and in the redirect address that a provider knows. So one that became free,
by another name or by deletion, is never given to another organisation or environment: who follows an old address would
arrive at somebody else.

A page says the same of one that is taken and of one that was: which of the two it is, is not told.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.organisations.models import ShortName

REFUSED = _("This short name cannot be used. Choose another one.")


class TakenError(ValueError):
    """A short name was about to be given out a second time."""


def is_free(kind: ShortName.Kind, slug: str, owner: int | None) -> bool:
    """May this one have it? ``owner``: the number of the organisation or environment; None while it is not stored."""
    return not ShortName.objects.filter(kind=kind, slug=slug.lower()).exclude(owner=owner or 0).exists()


def keep(kind: ShortName.Kind, slug: str, *, owner: int) -> bool:
    """Note for ever whose this is; False when it is noted as another's. Of two who ask at once, one gets it."""
    kept, _created = ShortName.objects.get_or_create(kind=kind, slug=slug.lower(), defaults={"owner": owner})
    return kept.owner == owner


def take(kind: ShortName.Kind, slug: str, *, owner: int, instead_of: str = "") -> None:
    """Give it to this one, and keep the earlier one. Raises TakenError when it is or was another's; a page has asked
    `is_free` before."""
    if instead_of:
        keep(kind, instead_of, owner=owner)
    if not keep(kind, slug, owner=owner):
        raise TakenError(slug)
