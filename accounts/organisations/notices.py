"""Who administers something hears by mail that a colleague changed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit.models import AuditEntry
from accounts.mail import sending
from accounts.mail.untrusted_text import single_line
from accounts.models import User


@dataclass(frozen=True)
class Difference:
    """``name``: of the field, as code; the other three are for people, in the language of whoever reads them."""

    name: str
    label: Any
    before: Any
    after: Any


def between(before: Model, after: Model, names: Iterable[str]) -> list[Difference]:
    """What differs, of these fields."""
    return [
        Difference(name, before._meta.get_field(name).verbose_name, _shown(before, name), _shown(after, name))  # type: ignore[union-attr]
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]


def _shown(row: Model, name: str) -> Any:
    value = getattr(row, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return single_line(str(value or "")) or "-"


def facts(differences: Iterable[Difference]) -> dict[str, str | int]:
    """For the audit entry: what each field was and is."""
    return {one.name: f"{one.before} → {one.after}" for one in differences}


def tell(
    entry: AuditEntry, hearers: Iterable[User], *, about: str, page: str, differences: Iterable[Difference] = ()
) -> None:
    """``about``: what it is called; ``page``: the path where it can be looked at."""
    shown = list(differences)
    for person in hearers:
        sending.send(
            "administration_changed",
            person,
            entry=entry,
            actor=entry.actor_name,
            about=about,
            differences=shown,
            address=settings.PUBLIC_URL + page,
            at=timezone.localtime(entry.at),
        )
