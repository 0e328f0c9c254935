"""Mail to people without a second factor, in the weeks before their organisation requires one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import limits, public_host
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import CONSOLE
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mfa_policy import statistics
from accounts.mfa_policy.models import Reminder
from accounts.mfa_policy.statistics import AFFECTED, NO_PASSWORD, Coverage, Group
from accounts.models import User
from accounts.organisations import sign_in_policy, vouching
from accounts.organisations.models import Organisation, PasskeyFor, SecondStep
from accounts.organisations.sign_in_policy import Requirement
from accounts.passwords import flows as passwords
from accounts.two_factor import devices


@dataclass(frozen=True)
class Sent:
    reminded: int = 0
    invited: int = 0

    def __add__(self, other: Sent) -> Sent:
        return Sent(self.reminded + other.reminded, self.invited + other.invited)


def due(days_left: int) -> int | None:
    """Which of `limits.REMINDER_DAYS` is due this many days before the first day; None when none is.

    A missed day is made up for later: the last one that passed counts, not only the exact day.
    """
    if days_left < -limits.REMINDER_CATCH_UP.days:
        return None
    return min((day for day in limits.REMINDER_DAYS if day >= days_left), default=None)


def send_all() -> Sent:
    """Send what is due today and was not sent yet. Parallel runs send each mail once."""
    total = Sent()
    today = timezone.localdate()
    announced = Organisation.objects.filter(
        second_step=SecondStep.REQUIRED, required_from__gte=today - limits.REMINDER_CATCH_UP
    )
    for key in list(announced.order_by("pk").values_list("pk", flat=True)):
        last: int | None = 0
        while last is not None:
            sent, last = _send_batch(key, last)
            total += sent
    return total


@transaction.atomic
def _send_batch(key: int, after: int) -> tuple[Sent, int | None]:
    """One batch of people with a higher primary key than ``after``. Also returns the last key; None at the end.

    The organisation's row is locked meanwhile: a parallel run waits here and then finds these people reminded, and a
    requirement is withdrawn before or after a batch. The weaker lock lets new members join without waiting.
    """
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=key)
    if organisation.second_step != SecondStep.REQUIRED or organisation.required_from is None:
        return Sent(), None  # withdrawn since the run began
    requirement = Requirement(organisation.name, organisation.required_from)
    day = due(requirement.days_left)
    if day is None:
        return Sent(), None
    batch = list(
        recipients(organisation, requirement, day).filter(pk__gt=after).order_by("pk")[: limits.REMINDER_BATCH]
    )
    reached = [person for person in batch if _remind_or_invite(person, organisation, requirement)]
    Reminder.objects.bulk_create(
        Reminder(user=person, organisation=organisation, required_from=requirement.required_from, days_before=day)
        for person in reached
    )
    invited = sum(not person.has_usable_password() for person in reached)
    return Sent(len(reached) - invited, invited), batch[-1].pk if len(batch) == limits.REMINDER_BATCH else None


def recipients(
    organisation: Organisation, requirement: Requirement, day: int, *, on: date | None = None
) -> QuerySet[User]:
    """Who gets the mail of this day of the requirement, if it is sent ``on`` that date (today without one): people
    without a second factor who did not get it yet. Not staff, who need one anyway; nor those of whom a passkey is
    required on the same day or earlier, who hear of that (`accounts.mfa_policy.reminders.passkeys`)."""
    told = Reminder.objects.filter(
        user=OuterRef("pk"),
        organisation=organisation,
        required_from=requirement.required_from,
        days_before=day,
    )
    people = statistics.members(organisation).filter(
        ~devices.confirmed_device_exists(),
        ~Exists(told),
        ~vouching.at_provider_of(organisation),  # their second factor is there
        is_staff=False,
    )
    if _is_passkey_first(organisation, requirement):
        hear_of_it = sign_in_policy.passkey_required_of(organisation, PasskeyFor.EVERYBODY) & ~NO_PASSWORD
        people = people.filter(~hear_of_it)  # the others are invited first
    if day not in limits.REMINDER_INVITATION_DAYS:
        return people.exclude(NO_PASSWORD)
    ahead = (on - timezone.localdate()) if on else timedelta(0)
    return people.exclude(NO_PASSWORD & Exists(_valid_invitations(OuterRef("pk"), timezone.now() + ahead)))


def number_of_recipients(
    organisation: Organisation, requirement: Requirement, day: int, people: Coverage, *, on: date
) -> int:
    """How many `recipients` there are. ``people``: the coverage, which has counted everybody with a password already;
    a mail of this requirement was sent to somebody only where it was required from the same day before."""
    sent = Reminder.objects.filter(
        organisation=organisation, required_from=requirement.required_from, days_before=day
    ).exists()
    if sent or _is_passkey_first(organisation, requirement):
        return recipients(organisation, requirement, day, on=on).count()
    with_password = sum(people.counts[group] for group in AFFECTED if group is not Group.NOT_ACTIVATED)
    if day not in limits.REMINDER_INVITATION_DAYS or not people.counts[Group.NOT_ACTIVATED]:
        return with_password
    return with_password + recipients(organisation, requirement, day, on=on).filter(NO_PASSWORD).count()


def _is_passkey_first(organisation: Organisation, requirement: Requirement) -> bool:
    """Is a passkey required of everybody too, not later? It is a second factor."""
    day = organisation.passkey_from if organisation.passkey_for == PasskeyFor.EVERYBODY else None
    return day is not None and day <= requirement.required_from and public_host.can_have_passkeys()


def _valid_invitations(person: Any, at: datetime) -> QuerySet[AuditEntry]:
    """Mails that strangers request with "forgot your password" do not count."""
    return AuditEntry.objects.filter(subject=person, event=Event.INVITED, at__gt=at - limits.INVITATION_LINK)


def _remind_or_invite(person: User, organisation: Organisation, requirement: Requirement) -> bool:
    """Remind the person, or invite somebody who never chose a password again: that comes before a second factor."""
    if not person.has_usable_password():
        return _invite_again(person)
    address = settings.PUBLIC_URL + reverse("totp_confirm")
    facts: dict[str, Any] = {"requirement": requirement, "organisation": requirement.organisation, "address": address}
    sending.send("second_step_reminder", person, in_bulk=True, **facts)
    record(
        Event.REMINDED,
        subject=person,
        organisation=organisation,
        origin=CONSOLE,
        detail={"required_from": requirement.required_from.isoformat(), "days_left": requirement.days_left},
    )
    return True


def _invite_again(person: User) -> bool:
    """Only while no earlier one is valid: a new one makes that void, and nobody knows which mail is opened."""
    locked = User.objects.select_for_update().get(pk=person.pk)
    if locked.has_usable_password() or _valid_invitations(locked, timezone.now()).exists():
        return False
    return passwords.invite(locked, actor=None, origin=CONSOLE, in_bulk=True)


def purge() -> int:
    """Delete reminders of requirements that began more than `limits.REMINDERS_KEPT` ago. Returns the number."""
    return Reminder.objects.filter(required_from__lt=timezone.localdate() - limits.REMINDERS_KEPT).delete()[0]
