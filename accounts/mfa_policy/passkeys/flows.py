"""Demanding a passkey at sign-in, of an organisation or of all staff: first a dry run, then the change itself.

Whoever has no passkey on the first day is led to the page that adds one, which needs a device that can have passkeys, a
phone or a security key; without any of these, support helps. And it must be
known that passkeys work here at all, because they are bound to the host of `PUBLIC_URL`. So whoever demands them has
used one at this portal, and at least that administrator gets in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import lazystr
from django.utils.translation import gettext as _

from accounts import limits, public_host
from accounts.audit.events import Event
from accounts.audit.origin import CONSOLE, Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mfa_policy.passkeys import coverage
from accounts.mfa_policy.passkeys.coverage import Coverage
from accounts.mfa_policy.reminders import schedule
from accounts.mfa_policy.reminders.schedule import Schedule
from accounts.models import User
from accounts.organisations import scope, sign_in_policy
from accounts.organisations.models import Organisation, PasskeyFor, StaffPolicy
from accounts.two_factor import devices

PERMISSION = "organisations.change_organisation"


class Outcome(Enum):
    SAVED = auto()
    UNCHANGED = auto()
    IN_THE_PAST = auto()
    TOO_FAR = auto()
    NONE_HERE = auto()  # browsers offer no passkeys at this address
    NO_OWN_PASSKEY = auto()  # whoever demands it has not used one here
    CHANGED_MEANWHILE = auto()  # the demand, its people or the day are no longer what was shown
    NOT_ALLOWED = auto()


@dataclass(frozen=True)
class Choice:
    """``first_day``: None with `PasskeyFor.NOBODY`."""

    whom: PasskeyFor = PasskeyFor.NOBODY
    first_day: date | None = None

    @property
    def is_in_force(self) -> bool:
        return self.first_day is not None and self.first_day <= timezone.localdate()

    @property
    def fact(self) -> str:
        """For the audit entry."""
        return f"passkey {self.whom.value} {self.first_day or ''}".strip()

    def __str__(self) -> str:
        if self.first_day is None:
            return _("not required")
        facts = {"whom": self.whom.label, "date": date_format(self.first_day, "j F Y")}
        return _("required of %(whom)s from %(date)s") % facts


def present(organisation: Organisation | None) -> Choice:
    """What is demanded now; ``organisation``: None for all staff of the portal."""
    if organisation is not None:
        return Choice(PasskeyFor(organisation.passkey_for), organisation.passkey_from)
    day = sign_in_policy.staff_passkey_from()
    return Choice(PasskeyFor.STAFF, day) if day else Choice()


@dataclass(frozen=True)
class DryRun:
    """What would happen; ``shown`` identifies exactly this state and comes back with the confirmation."""

    coverage: Coverage
    shown: str
    stops_today: bool
    released: int  # people of whom a passkey is required now, and not for a while or never after it
    reminders: Schedule | None  # to those who are stopped


def refusal(organisation: Organisation | None, choice: Choice, actor: User) -> Outcome | None:
    """Why this choice cannot be made, or None."""
    if choice == present(organisation):
        return Outcome.UNCHANGED
    if choice.first_day is None:
        return None  # withdrawing it is always possible
    if choice.first_day < timezone.localdate() and choice.first_day != present(organisation).first_day:
        return Outcome.IN_THE_PAST  # for other people the day may stay
    if choice.first_day > timezone.localdate() + limits.DEMAND_AHEAD:
        return Outcome.TOO_FAR
    if not public_host.can_have_passkeys():
        return Outcome.NONE_HERE
    return None if devices.has_used_passkey(actor) else Outcome.NO_OWN_PASSKEY


def dry_run(organisation: Organisation | None, choice: Choice) -> DryRun:
    """What the choice would change. Stores nothing."""
    people, before = coverage.of(organisation, choice.whom), present(organisation)
    shown = f"{timezone.localdate()}/{before.fact}/{choice.fact}/{people.fingerprint}"
    reminders = schedule.of(choice.first_day) if people.stopped else None
    released = _released(organisation, before, choice)
    return DryRun(people, shown, choice.is_in_force and people.stopped > 0, released, reminders)


def _released(organisation: Organisation | None, before: Choice, after: Choice) -> int:
    """How many people the choice releases from a demand that is in force, though it may be meant to widen it."""
    if not before.is_in_force or (after.is_in_force and after.whom in (before.whom, PasskeyFor.EVERYBODY)):
        return 0
    people = coverage.governed(organisation, before.whom).order_by()
    if after.is_in_force:  # of everybody before, of staff after
        people = people.filter(is_staff=False)
    return people.count()


def may_change(organisation: Organisation | None, actor: User) -> bool:
    """Staff of all organisations are governed by superusers, whom nobody outranks; an organisation by its
    administrators, and not those who outrank them (`sign_in_policy.passkey_required_of`)."""
    if organisation is None:
        return actor.is_active and actor.is_superuser
    mine = Organisation.objects.filter(scope.organisations(actor), pk=organisation.pk)
    return actor.has_perm(PERMISSION) and mine.exists()


@transaction.atomic
def change(organisation: Organisation | None, choice: Choice, *, shown: str, actor: User, origin: Origin) -> Outcome:
    """Store the choice, if it still does what the actor was shown; record it, and mail the administrators."""
    if not may_change(organisation, actor):
        return Outcome.NOT_ALLOWED
    locked = _lock(organisation)  # of two parallel confirmations, the second finds another state than it was shown
    if refused := refusal(locked, choice, actor):
        return refused
    found, before = dry_run(locked, choice), present(locked)
    if found.shown != shown:
        return Outcome.CHANGED_MEANWHILE
    _store(locked, choice)
    facts: dict[str, str | int] = {"before": before.fact, "after": choice.fact, "without": found.coverage.stopped}
    record(Event.DEMAND_CHANGED, subject=None, actor=actor, organisation=locked, origin=origin, detail=facts)
    _notify(locked, before, choice, actor, found)
    return Outcome.SAVED


@transaction.atomic
def withdraw_all(reason: str, origin: Origin) -> int:
    """By the console: no passkey is demanded of anybody any more, because no passkey works, as after another host.
    Recorded and mailed as by an administrator. Returns how many demands there were."""
    _lock(None)
    demanding = Organisation.objects.select_for_update(no_key=True).exclude(passkey_for=PasskeyFor.NOBODY)
    found = [one for one in (None, *demanding.order_by("pk")) if present(one).first_day]
    for organisation in found:
        before, run = present(organisation), dry_run(organisation, Choice())
        _store(organisation, Choice())
        facts: dict[str, str | int] = {"before": before.fact, "after": Choice().fact, "without": run.coverage.stopped}
        record(
            Event.DEMAND_CHANGED, subject=None, organisation=organisation, origin=origin, detail=facts, reason=reason
        )
        _notify(organisation, before, Choice(), None, run)
    return len(found)


def _lock(organisation: Organisation | None) -> Organisation | None:
    if organisation is not None:
        return Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    StaffPolicy.objects.get_or_create(pk=1)
    StaffPolicy.objects.select_for_update().get(pk=1)
    return None


def _store(organisation: Organisation | None, choice: Choice) -> None:
    if organisation is None:
        StaffPolicy.objects.update(passkey_from=choice.first_day)
        return
    organisation.passkey_for, organisation.passkey_from = choice.whom, choice.first_day
    organisation.save(update_fields=["passkey_for", "passkey_from"])


def _recipients(organisation: Organisation | None, actor: User | None) -> list[User]:
    """The administrators whom it concerns; also superusers when otherwise only the actor would know."""
    if organisation is None:
        return sign_in_policy.superusers()
    own = sign_in_policy.administrators_of(organisation)
    if not any(person != actor for person in own):
        own += [person for person in sign_in_policy.superusers() if person not in own]
    return own


def page_of(organisation: Organisation | None) -> str:
    """The path of the page where it is chosen."""
    return reverse("organisation_passkey", args=[organisation.slug]) if organisation else reverse("staff_passkey")


def _notify(
    organisation: Organisation | None, before: Choice, after: Choice, actor: User | None, found: DryRun
) -> None:
    for person in _recipients(organisation, actor):
        sending.send(
            "passkey_demand_changed",
            person,
            organisation=organisation.name if organisation else "",
            before=lazystr(before),  # translated into the reader's language
            after=lazystr(after),
            actor=actor.email if actor else CONSOLE.browser,
            people=found.coverage,
            released=found.released,
            address=settings.PUBLIC_URL + page_of(organisation),
            at=timezone.localtime(),
        )
