"""Mail to the administrators of something that a colleague changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit.models import AuditEntry
from accounts.mail import sending
from accounts.mail.untrusted_text import single_line
from accounts.models import User


class Difference(NamedTuple):
    """``name``: of the field, as in code; the other three are shown to people, in the reader's language."""

    name: str
    label: Any
    before: Any
    after: Any


def differences(before: Model, after: Model, names: Iterable[str]) -> list[Difference]:
    """The fields among ``names`` whose values differ."""
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


def audit_detail(differences: Iterable[Difference]) -> dict[str, str | int]:
    """For the audit entry: each field's value before and after."""
    return {one.name: f"{one.before} → {one.after}" for one in differences}


def notify(
    entry: AuditEntry, recipients: Iterable[User], *, about: str, page: str, differences: Iterable[Difference] = ()
) -> None:
    """Mail it. ``about``: the name of what was changed; ``page``: the path of its page."""
    shown = list(differences)
    for person in recipients:
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
