"""The mail that tells a person about an audit entry, with the link "Dit was ik niet"."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.audit import report_links
from accounts.audit.models import AuditEntry
from accounts.mail.composing import single_line_values
from accounts.mail.sending import send
from accounts.models import User


def notify(entry: AuditEntry, person: User, *, to: str | None = None, **extra: Any) -> None:
    """Tell the person what happened, with the templates named after the event.

    ``extra``: what the templates of this event need beside the entry, for example a link; it is in the mail only.
    """
    not_me = settings.PUBLIC_URL + reverse("not_me", args=[report_links.make_token(entry, to or person.email)])
    extra |= {"entry": entry, "detail": single_line_values(entry.detail), "reason": entry.reason}
    send(entry.event, person, to=to, at=timezone.localtime(entry.at), not_me=not_me, **extra)
