"""What must happen after an older state of the database was restored.

It holds sessions that were ended since, links and codes that were used, and accounts that were deactivated. Everything
that opens something and was handed out becomes void; which passwords, apps and accounts must not live again is found in
an export of the lost audit trail.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.active_sessions.models import Session
from accounts.audit import chain, chain_head, export_check
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail.models import OutgoingMail
from accounts.mail.models import State as MailState
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.passwords import flows as passwords
from accounts.permissions import flows as permissions
from accounts.support.interventions import flows as interventions
from accounts.support.models import CallerCheck, Intervention, Kind, State
from accounts.two_factor.models import AccountRecovery, Authenticator, BridgeCode, RecoveryCode, RecoveryCodeSet

# Added to every counter of links: more than anybody was sent since the backup, so that no link of that time fits.
COUNTED_ON = 100_000

ACCOUNT = {Event.DEACTIVATED: True, Event.REACTIVATED: False}
PASSWORD = {Event.PASSWORD_CHANGED, Event.PASSWORD_TREATED_AS_STOLEN, Event.REPORTED_NOT_ME}
FACTOR = {
    Event.SECOND_STEP_ACTIVATED,
    Event.SECOND_STEP_SWITCHED_OFF,
    Event.SECOND_STEP_RESET,
    Event.AUTHENTICATOR_ADDED,
    Event.AUTHENTICATOR_REPLACED,
    Event.AUTHENTICATOR_REMOVED,
    Event.PASSKEY_ADDED,
    Event.PASSKEY_REMOVED,
    Event.REPORTED_NOT_ME,
}
# Only named: somebody has to look at them.
OTHERS = {
    Event.ADDRESS_CHANGED,
    Event.ADDRESS_CHANGED_BY_PERSON,
    Event.ADDRESS_RESTORED,
    Event.RIGHTS_CHANGED,
    Event.ORGANISATION_CHANGED,
    Event.ACCESS_TAKEN,
    Event.SSO_LINKED,
}


# About no person: what an organisation or the portal asks. A lost one is as it was before.
SETTINGS = {
    Event.DEMAND_CHANGED,
    Event.GROUP_ADDED,
    Event.GROUP_CHANGED,
    Event.GROUP_DELETED,
    Event.ORGANISATION_ADDED,
    Event.ORGANISATION_EDITED,
    Event.ORGANISATION_DELETED,
    Event.SSO_CHANGED,
    Event.SSO_SECRET_SET,
    Event.SSO_KEY_PAIR_USED,
    Event.SSO_SWITCHED_ON,
    Event.SSO_SWITCHED_OFF,
    Event.ENVIRONMENT_ADDED,
    Event.ENVIRONMENT_CHANGED,
    Event.ENVIRONMENT_DELETED,
    Event.ENVIRONMENT_ADDRESS_CHANGED,
    Event.DOMAIN_ADDED,
    Event.DOMAIN_PROVED,
    Event.DOMAIN_REMOVED,
}


class ExportError(Exception):
    """The export is not as it was made; the message says where."""


@dataclass
class Lost:
    """What the restored database does not know, by number of the person: events in their order."""

    events: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    names: dict[int, str] = field(default_factory=dict)
    removed: list[int] = field(default_factory=list)  # for good, and now back
    settings: list[str] = field(default_factory=list)  # what changed and of which organisation, in words

    def deactivated(self) -> list[int]:
        """Who was deactivated and not activated again."""
        last = {pk: [ACCOUNT[one] for one in events if one in ACCOUNT] for pk, events in self.events.items()}
        return [pk for pk, states in last.items() if states and states[-1]]

    def with_any(self, wanted: set[Event]) -> list[int]:
        return [pk for pk, events in self.events.items() if wanted & set(events)]


@dataclass(frozen=True)
class Result:
    """``counts``: what became void, by its name; ``head``: of the lost trail, as this machine noted it, with the file
    that it was moved to; empty when the chain holds it."""

    counts: dict[str, int]
    head: str = ""
    head_file: str = ""


def lost_since(export: Path) -> Lost:
    """What an export of the audit trail (JSON lines) holds and this database does not. Raises ExportError, OSError."""
    with export.open("rb") as file:
        _reader, number, broken = export_check.check(file)
    if broken:
        raise ExportError(f"{export}, line {number}: {broken}.")
    found = Lost()
    settings_changed = {event.value for event in SETTINGS}
    relevant = {event.value for event in (*ACCOUNT, *PASSWORD, *FACTOR, *OTHERS)}
    for entry in _entries(export):
        if entry["event"] == Event.PERSON_REMOVED:
            found.removed.append(int(str(entry["detail"]["person"]).lstrip("#")))
        person = entry.get("subject_id")
        if not person and entry["event"] in settings_changed and entry["succeeded"] and not _is_known(entry):
            found.settings.append(f"{entry['event']} of {_whose(entry)}")
        if person and entry["event"] in relevant and entry["succeeded"] and not _is_known(entry):
            found.events[person].append(Event(entry["event"]))
            found.names[person] = entry["subject_name"]
    return found


def _is_known(entry: dict[str, Any]) -> bool:
    same = AuditEntry.objects.filter(at=entry["at"], event=entry["event"], subject=entry.get("subject_id"))
    return same.exists()


def _whose(entry: dict[str, Any]) -> str:
    number = entry.get("organisation_id")
    if number is None:
        return "the portal"
    name = Organisation.objects.filter(pk=number).values_list("name", flat=True).first()
    return name or f"organisation #{number}, which the backup does not have"


def _entries(export: Path) -> Iterator[dict[str, Any]]:
    with export.open("rb") as file:
        for line in file:
            content = json.loads(line)
            if content["kind"] == "entry":
                yield content["entry"]


@transaction.atomic
def void_what_was_handed_out(reason: str, origin: Origin) -> Result:
    """End every session and make every link and code void. May be repeated. One audit entry with the counts."""
    people = User.objects.update(
        links_issued=F("links_issued") + COUNTED_ON, known_browsers_epoch=F("known_browsers_epoch") + COUNTED_ON
    )
    AccountRecovery.objects.update(links_issued=F("links_issued") + COUNTED_ON)
    counts = {"sessions": Session.objects.all().delete()[0], "people": people}
    counts["set_ups"] = Authenticator.objects.filter(confirmed=False).delete()[0]
    counts["recovery_codes"] = RecoveryCode.objects.all().delete()[0]
    RecoveryCodeSet.objects.all().delete()
    counts["codes_of_support"] = BridgeCode.objects.all().delete()[0] + CallerCheck.objects.all().delete()[0]
    waiting = Intervention.objects.filter(state__in=Intervention.OPEN)
    counts["interventions"] = waiting.update(state=State.CANCELLED, cancelled_at=timezone.now())
    # What waited was sent, or its links are void now.
    mails = OutgoingMail.objects.filter(state=MailState.WAITING)
    counts["mails"] = mails.update(state=MailState.EXPIRED, content=b"", ended_at=timezone.now())
    for name in settings.AFTER_RESTORE:
        counts |= import_string(name)()
    head, head_file = _put_head_aside()
    detail: dict[str, str | int] = {**counts, **({"head": head} if head else {})}
    record(Event.DATABASE_RESTORED, subject=None, origin=origin, reason=reason, detail=detail)
    return Result(counts, head, head_file)


def _put_head_aside() -> tuple[str, str]:
    """Where this machine noted a seal that the restored chain lacks: the noted head and where its file is now."""
    head, file = chain_head.read(), chain_head.path()
    if head is None or file is None or chain.contains(head):
        return "", ""
    aside = file.with_name(f"{file.name}.before-{timezone.now():%Y%m%dT%H%M%S}")
    file.rename(aside)
    return f"{head.position} {head.digest}", str(aside)


def deactivate_again(lost: Lost, origin: Origin) -> list[str]:
    """Deactivate who was deactivated since. Returns their addresses."""
    done = []
    for pk in lost.deactivated():
        with transaction.atomic():
            if User.objects.filter(pk=pk, is_active=True).update(is_active=False):
                user = User.objects.get(pk=pk)
                permissions.deactivated(user, actor=None, origin=origin)
                done.append(user.email)
    return done


def void_replaced(lost: Lost, reason: str, origin: Origin) -> list[str]:
    """Make the passwords and apps of before void that were replaced, removed or reported since: those people choose a
    password by "Wachtwoord vergeten?", and set up a phone with a mailed link. Returns their addresses."""
    done = []
    for pk in sorted({*lost.with_any(PASSWORD), *lost.with_any(FACTOR)}):
        user = User.objects.filter(pk=pk).first()
        if user is None:
            continue
        if pk in lost.with_any(FACTOR):
            interventions.act(interventions.InterventionRequest(Kind.RESET, user, None, reason), origin)
        if pk in lost.with_any(PASSWORD):
            passwords.void_on_server(User.objects.get(pk=pk), origin)
        done.append(user.email)
    return done
