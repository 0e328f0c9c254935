"""A person's own events, in words that they can check against what they remember."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import limits
from accounts.audit.clock_skew import duration_in_words
from accounts.audit.models import AuditEntry
from accounts.audit.origin import browser_in_words
from accounts.models import User

CAUSES = {
    "wrong": gettext_lazy("refused: not right"),
    "used": gettext_lazy("refused: the code was used already"),
    "clock_off": gettext_lazy("refused: the clock of the phone is wrong"),
    "other_device": gettext_lazy("refused: the code was of another device of this person"),
    "linked_already": gettext_lazy("refused: the code was of a device that is linked already"),
    "unfinished": gettext_lazy("refused: the code was of a set-up that was not finished"),
    "replaced": gettext_lazy("refused: the code was of a phone that was replaced"),
    "removed": gettext_lazy("refused: the code was of a device that was removed"),
    "unknown_passkey": gettext_lazy("refused: the passkey does not belong to this account"),
    "count_fell": gettext_lazy("refused: the passkey may have been copied"),
    "too_many": gettext_lazy("refused: there are as many passkeys as an account can have"),
    "inactive": gettext_lazy("refused: the account is not active"),
    "unreadable": gettext_lazy("not checked: our side cannot read the secret of the device"),
    "waiting": gettext_lazy("refused: too many attempts"),
    "crowd": gettext_lazy("refused: too many sign-ins from new browsers"),
    "not_yet_alone": gettext_lazy("refused: the passkey has not verified its user yet"),
    "business_account": gettext_lazy("refused: only the business account counts"),
    "second_step_at_provider": gettext_lazy("refused: the second step is with the business account"),
    "demanded": gettext_lazy("refused: a second step is required"),
    "closed": gettext_lazy("refused: closed until there is a new password"),
    # Two spellings: entries are never changed.
    "too many": gettext_lazy("refused: too many mails asked for"),
    "too often": gettext_lazy("refused: too many mails asked for"),
    "taken": gettext_lazy("refused: the address belongs to somebody else by now"),
    "foreign": gettext_lazy("refused: the address is of a mail domain of another organisation"),
    "too_many_look_ups": gettext_lazy("refused: the worker looked at too many people"),
    "not_allowed": gettext_lazy("refused: the worker does not have the right"),
    "oneself": gettext_lazy("refused: nobody does this for themselves"),
    "outranked": gettext_lazy("refused: the person has more rights than the worker"),
    "opens_elsewhere": gettext_lazy("refused: the person can also open an environment of another organisation"),
    "reported": gettext_lazy("refused: the person reported “this was not me”"),
}
HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Line:
    """``browser`` and ``address`` are empty when somebody else did it: where support works is not shown."""

    at: datetime
    what: str
    result: str
    succeeded: bool
    by_other: bool
    browser: str
    address: str

    @property
    def when(self) -> str:
        return day_and_time(self.at)


def day_and_time(at: datetime) -> str:
    """In local time: "vandaag 14:05", "gisteren 14:05", "3 juli 2026 14:05"."""
    at = timezone.localtime(at)
    near = {0: _("today"), 1: _("yesterday")}.get((timezone.localdate() - at.date()).days)
    return f"{near or date_format(at, 'j F Y')} {at:%H:%M}"


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
        result=result(entry),
        succeeded=entry.succeeded,
        by_other=by_other,
        browser="" if by_other else browser_in_words(entry.browser),
        address="" if by_other else entry.address or "",
    )


def result(entry: AuditEntry) -> str:
    """How it ended, and the cause when it was refused; for a wrong clock also by how much."""
    if entry.succeeded:
        return _("succeeded")
    cause, minutes = str(entry.detail.get("cause", "")), entry.detail.get("minutes_off")
    if cause == "clock_off" and isinstance(minutes, int) and minutes:
        return _clock_result(minutes)
    text, count = str(CAUSES.get(cause, _("refused"))), entry.detail.get("count")
    return _("%(text)s, %(count)s times") % {"text": text, "count": count} if isinstance(count, int) else text


def result_for_support(entry: AuditEntry) -> str:
    """`result`, with more explanation for a colleague of support who is on the telephone with the person."""
    match entry.detail.get("cause"):
        case "used":
            return _("refused: the same code was used twice")
        case "waiting":
            return _("refused: too many wrong attempts, a waiting time was running")
        case _:
            return result(entry)


def cause(entry: AuditEntry, words: str) -> str:
    """The result in ``words``, to stand beside the name of the event: without "refused" where the name has it already.
    Empty when nothing is left."""
    return words.removeprefix(_("refused")).lstrip(":, ") if entry.event.endswith("_refused") else words


def _clock_result(minutes: int) -> str:
    if minutes > 0:
        text = _("refused: the clock of the phone is %(time)s ahead")
    else:
        text = _("refused: the clock of the phone is %(time)s behind")
    return text % {"time": duration_in_words(minutes)}
