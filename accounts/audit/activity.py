"""A person's own events, in words that they can check against what they remember."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import browser_in_words
from accounts.models import User

CAUSES = {
    "wrong": gettext_lazy("refused: not right"),
    "used": gettext_lazy("refused: the code was used already"),
    "clock_off": gettext_lazy("refused: the clock of the phone is wrong"),
    "waiting": gettext_lazy("refused: too many attempts"),
    "business_account": gettext_lazy("refused: only the business account counts"),
    "closed": gettext_lazy("refused: closed until there is a new password"),
}
HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Line:
    """``browser`` and ``address`` are empty when somebody else did it: where colleagues of support sit is theirs."""

    at: datetime
    what: str
    result: str
    succeeded: bool
    by_other: bool
    browser: str
    address: str


def page(user: User, before: int | None) -> tuple[list[Line], int | None]:
    """`limits.ACTIVITY_PAGE` lines, newest first, and where the next page begins; None when there is none."""
    entries = AuditEntry.objects.filter(subject=user, pk__lt=before or HIGHEST_ID).order_by("-pk")
    found = list(entries[: limits.ACTIVITY_PAGE + 1])
    shown = found[: limits.ACTIVITY_PAGE]
    return [_line(entry) for entry in shown], shown[-1].pk if len(found) > len(shown) else None


def _line(entry: AuditEntry) -> Line:
    by_other = entry.actor_id != entry.subject_id
    return Line(
        at=entry.at,
        what=entry.get_event_display(),
        result=_result(entry),
        succeeded=entry.succeeded,
        by_other=by_other,
        browser="" if by_other else browser_in_words(entry.browser),
        address="" if by_other else entry.address or "",
    )


def _result(entry: AuditEntry) -> str:
    if entry.succeeded:
        return _("succeeded")
    return str(CAUSES.get(str(entry.detail.get("cause", "")), _("refused")))
