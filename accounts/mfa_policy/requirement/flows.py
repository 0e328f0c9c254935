"""Changing the MFA policy of an organisation: first a dry run, then the change itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazystr

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mfa_policy import statistics
from accounts.mfa_policy.reminders import schedule
from accounts.mfa_policy.reminders.schedule import Schedule
from accounts.mfa_policy.statistics import Coverage
from accounts.models import User
from accounts.organisations import rank, scope, sign_in_policy
from accounts.organisations.models import Organisation, SecondStep

PERMISSION = "organisations.change_organisation"


class Outcome(Enum):
    SAVED = auto()
    UNCHANGED = auto()
    IN_THE_PAST = auto()
    TOO_FAR = auto()
    NO_BUSINESS_ACCOUNT = auto()
    CHANGED_MEANWHILE = auto()  # the organisation, its people or the day are no longer what was shown
    NOT_ALLOWED = auto()


@dataclass(frozen=True)
class Choice:
    """``required_from``: only with `SecondStep.REQUIRED`."""

    second_step: SecondStep
    required_from: date | None = None

    @classmethod
    def of(cls, organisation: Organisation) -> Choice:
        return cls(SecondStep(organisation.second_step), organisation.required_from)

    @property
    def is_in_force(self) -> bool:
        """Does it require a second factor today?"""
        return self.required_from is not None and self.required_from <= timezone.localdate()

    @property
    def fact(self) -> str:
        """For the audit entry."""
        return f"{self.second_step.value} {self.required_from or ''}".strip()

    def __str__(self) -> str:
        return sign_in_policy.in_words(self.second_step, self.required_from)


@dataclass(frozen=True)
class DryRun:
    """What would happen; ``shown`` identifies exactly this state and comes back with the confirmation.
    ``administrators``: how many hear of it by mail at once. ``reminders``: when people without a second factor are
    mailed; ``reminded``: how many the first one reaches."""

    coverage: Coverage
    shown: str
    affects_today: bool
    administrators: int = 0
    reminders: Schedule | None = None
    reminded: int = 0

    @property
    def mailed_soon(self) -> int:
        """People who are mailed by the next daily run."""
        return self.reminded if self.reminders and self.reminders.is_due else 0


def refusal(organisation: Organisation, choice: Choice) -> Outcome | None:
    """Why this choice cannot be made, or None."""
    if choice == Choice.of(organisation):
        return Outcome.UNCHANGED
    if choice.second_step is SecondStep.BUSINESS_ACCOUNT:
        return None if sign_in_policy.may_require_business_account(organisation) else Outcome.NO_BUSINESS_ACCOUNT
    if choice.required_from and choice.required_from < timezone.localdate():
        return Outcome.IN_THE_PAST
    if choice.required_from and choice.required_from > timezone.localdate() + limits.DEMAND_AHEAD:
        return Outcome.TOO_FAR
    return None


def preview(organisation: Organisation, choice: Choice, actor: User) -> DryRun:
    """The dry run with who is mailed, for the page that asks."""
    found = dry_run(organisation, choice)
    told = len(_recipients(organisation, actor))
    planned = schedule.of(choice.required_from) if found.coverage.affected else None
    if planned is None or choice.required_from is None:
        return replace(found, administrators=told)
    reminded = schedule.first_reaches(organisation, choice.required_from, planned, found.coverage)
    return replace(found, administrators=told, reminders=planned, reminded=reminded)


def dry_run(organisation: Organisation, choice: Choice) -> DryRun:
    """What the choice would change. Stores nothing."""
    people, before = statistics.coverage(organisation), Choice.of(organisation)
    shown = f"{timezone.localdate()}/{before.fact}/{choice.fact}/{people.fingerprint}"
    affects_today = choice.is_in_force and not before.is_in_force and people.affected > 0
    return DryRun(people, shown, affects_today)


@transaction.atomic
def change(organisation: Organisation, choice: Choice, *, shown: str, actor: User, origin: Origin) -> Outcome:
    """Store the choice, if it still does what the actor was shown; record it, and mail the organisation's
    administrators."""
    mine = Organisation.objects.filter(scope.organisations(actor)) if actor.has_perm(PERMISSION) else None
    # Locked: of two parallel confirmations, the second finds another state than it was shown.
    locked = mine.select_for_update(no_key=True).filter(pk=organisation.pk).first() if mine is not None else None
    if locked is None:
        return Outcome.NOT_ALLOWED
    sign_in_policy.lock_emergency_account(locked)
    if refused := refusal(locked, choice):
        return refused
    found, before = dry_run(locked, choice), Choice.of(locked)
    if found.shown != shown:
        return Outcome.CHANGED_MEANWHILE
    locked.second_step, locked.required_from = choice.second_step, choice.required_from
    locked.save(update_fields=["second_step", "required_from"])
    facts: dict[str, str | int] = {"before": before.fact, "after": choice.fact, "without": found.coverage.without}
    record(Event.DEMAND_CHANGED, subject=None, actor=actor, organisation=locked, origin=origin, detail=facts)
    _notify(locked, before, choice, actor, found.coverage)
    return Outcome.SAVED


def administrators(organisation: Organisation) -> list[User]:
    """Staff of the organisation who may change it; few, so permissions are checked one by one."""
    staff = User.objects.filter(is_active=True, is_staff=True, membership__organisation=organisation)
    return [person for person in staff.order_by("pk") if person.has_perm(PERMISSION)]


def _recipients(organisation: Organisation, actor: User) -> list[User]:
    """The administrators; also superusers when otherwise only the actor would know, or when members outrank them."""
    own = administrators(organisation)
    if rank.has_outranking_members(organisation) or not any(person != actor for person in own):
        own += [person for person in sign_in_policy.superusers() if person not in own]
    return own


def _notify(organisation: Organisation, before: Choice, after: Choice, actor: User, people: Coverage) -> None:
    address = settings.PUBLIC_URL + reverse("organisation_overview", args=[organisation.slug])
    for person in _recipients(organisation, actor):
        sending.send(
            "demand_changed",
            person,
            organisation=organisation.name,
            before=lazystr(before),  # translated into the reader's language
            after=lazystr(after),
            actor=actor.email,
            people=people,
            address=address,
            at=timezone.localtime(),
        )
