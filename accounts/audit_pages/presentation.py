"""An audit entry in words, for administrators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import activity, mail_names
from accounts.audit.chain import SealState
from accounts.audit.models import AuditEntry, AuditSeal
from accounts.audit.origin import browser_in_words

RUN = 3  # lines; fewer are read at once

# The labels of what an entry holds in `detail`. One that is missing here is shown by its own name.
DETAIL_LABELS = {
    "factor": gettext_lazy("Shown by"),
    "cause": gettext_lazy("Cause"),
    "minutes_off": gettext_lazy("Minutes that the phone is off"),
    "receipt": gettext_lazy("Receipt"),
    "before": gettext_lazy("Before"),
    "after": gettext_lazy("After"),
    "name": gettext_lazy("Name"),
    "left": gettext_lazy("Recovery codes left"),
    "ended": gettext_lazy("Sessions ended"),
    "reference": gettext_lazy("Reference"),
    "about": gettext_lazy("About"),
    "mailed": gettext_lazy("Mailed"),
    "first": gettext_lazy("First password"),
    "environment": gettext_lazy("Environment"),
    "kind": gettext_lazy("Kind"),
    "filters": gettext_lazy("Filters"),
    "count": gettext_lazy("Number"),
    "slug": gettext_lazy("Short name"),
    "address": gettext_lazy("Address"),
    "group": gettext_lazy("Group"),
    "given": gettext_lazy("Given"),
    "taken": gettext_lazy("Taken away"),
    "role": gettext_lazy("Role"),
    # Fields of an organisation or an environment, as its page calls them.
    "organisation": gettext_lazy("organisation"),
    "colour": gettext_lazy("colour"),
    "contact": gettext_lazy("whom to ask"),
    "place": gettext_lazy("place"),
    "description": gettext_lazy("description"),
    "open_on_arrival": gettext_lazy("open to every new person"),
    "is_closed": gettext_lazy("closed for maintenance"),
    "closed_text": gettext_lazy("text while it is closed"),
    "group_mappings": gettext_lazy("groups of the provider"),
    "picture": gettext_lazy("Picture"),
    # What was tried again in the queue.
    "mail": gettext_lazy("Mail"),
    "task": gettext_lazy("Task"),
    # Of passkeys, and of the device that was shown.
    "digest": gettext_lazy("Mark of the passkey"),
    "linked": gettext_lazy("Entry in which the device was linked"),
    "by_itself": gettext_lazy("Made by the browser itself"),
    "purpose": gettext_lazy("Purpose"),
}


@dataclass(frozen=True)
class Line:
    """Texts are empty where nothing is known. ``browser`` is in words, ``user_agent`` as the browser sent it."""

    number: int
    at: datetime
    what: str
    result: str
    cause: str  # the result beside ``what``, which may say "refused" already; empty when there is nothing more to say
    succeeded: bool
    person: str
    by: str
    organisation: str
    reason: str
    receipt: str
    address: str
    browser: str
    user_agent: str
    reference: str
    run: tuple[Any, ...] = ()  # equal for entries of one run, see `grouped`; empty for what stands alone

    @property
    def at_in_short(self) -> str:
        """Without the year when that is the present one. The page of the entry tells it to the second."""
        at = timezone.localtime(self.at)
        return date_format(at, "j M H:i" if at.year == timezone.localdate().year else "j M Y H:i").lower()


def line_of(entry: AuditEntry) -> Line:
    return Line(
        number=entry.pk,
        at=entry.at,
        what=entry.get_event_display(),
        result=activity.result(entry),
        cause="" if entry.succeeded else activity.cause(entry, activity.result(entry)),
        succeeded=entry.succeeded,
        person=entry.subject_name,
        by=_by(entry),
        organisation=str(entry.organisation or ""),
        reason=entry.reason,
        receipt=str(entry.detail.get("receipt", "")),
        address=entry.address or "",
        browser=browser_in_words(entry.browser) if entry.browser and entry.address else "",
        user_agent=entry.browser,
        reference=entry.reference,
        run=_run_of(entry),
    )


def _run_of(entry: AuditEntry) -> tuple[Any, ...]:
    """What one request of somebody else did, such as a list of people that was invited, or one event by the command
    line, such as reminders. A refusal stands alone, so that it is seen."""
    if not entry.succeeded:
        return ()
    if entry.actor_id is None:
        return (entry.event,) if entry.actor_name else ()
    return (entry.reference, entry.actor_id) if entry.reference and entry.actor_id != entry.subject_id else ()


@dataclass(frozen=True)
class Group:
    """Lines that follow each other, the newest first; more than one is a run. ``counts``: what happened how often."""

    lines: list[Line]

    @property
    def newest(self) -> Line:
        return self.lines[0]

    @property
    def counts(self) -> list[tuple[str, int]]:
        return Counter(line.what for line in self.lines).most_common()


def grouped(lines: Iterable[Line]) -> Iterator[Group]:
    """Runs of at least `RUN` lines as one group, every other line as a group of its own; in the same order."""
    for run, found in groupby(lines, key=attrgetter("run")):
        together = list(found)
        if run and len(together) >= RUN:
            yield Group(together)
        else:
            yield from (Group([line]) for line in together)


def _by(entry: AuditEntry) -> str:
    if entry.actor_id is None:
        return _("Assetmaps (command line)") if entry.actor_name else ""
    return _("the person") if entry.actor_id == entry.subject_id else entry.actor_name


def details_of(entry: AuditEntry) -> list[tuple[str, str]]:
    shown = {"mail": mail_names.name_of}
    return [(str(DETAIL_LABELS.get(name, name)), shown.get(name, str)(value)) for name, value in entry.detail.items()]


def seal_in_words(state: SealState, seal: AuditSeal | None) -> str:
    position = {"position": seal.position if seal else 0}
    match state:
        case SealState.UNSEALED:
            return _("Not sealed yet. That happens within a few seconds.")
        case SealState.INTACT:
            return _("Sealed at place %(position)d, and not changed since.") % position
        case SealState.KEY_UNKNOWN:
            return (
                _("Sealed at place %(position)d with a key that is not set here any more, so it cannot be checked.")
                % position
            )
        case SealState.BROKEN:
            return (
                _(
                    "This is not right: the entry, its seal at place %(position)d or the seal before it was changed "
                    "or removed after it was written. Report this at once to whoever administers the server."
                )
                % position
            )
