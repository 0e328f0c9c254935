"""Mail to people without a passkey, in the weeks before one is required of them: by their organisation, or by the
portal of its staff. On the same days as the reminders of a second factor (`limits.REMINDER_DAYS`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import limits, public_host
from accounts.audit.events import Event
from accounts.audit.origin import CONSOLE
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mfa_policy.models import PasskeyReminder
from accounts.mfa_policy.passkeys import coverage, flows
from accounts.mfa_policy.reminders.flows import due
from accounts.mfa_policy.statistics import NO_PASSWORD
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.organisations.models import Organisation, PasskeyFor, StaffPolicy
from accounts.organisations.sign_in_policy import Requirement


def send_all() -> int:
    """Send what is due today and was not sent yet; returns how many mails. Parallel runs send each mail once."""
    if not public_host.can_have_passkeys():
        return 0  # nobody could do what is demanded, so nobody is asked to
    oldest = timezone.localdate() - limits.REMINDER_CATCH_UP
    demanding = Organisation.objects.exclude(passkey_for=PasskeyFor.NOBODY).filter(passkey_from__gte=oldest)
    demands: list[Organisation | None] = [*demanding.order_by("pk")]
    if (day := sign_in_policy.staff_passkey_from()) and day >= oldest:
        demands.append(None)
    return sum(_send(organisation) for organisation in demands)


def _send(organisation: Organisation | None) -> int:
    sent, last = _send_batch(organisation, 0)
    while last is not None:
        more, last = _send_batch(organisation, last)
        sent += more
    return sent


@transaction.atomic
def _send_batch(organisation: Organisation | None, after: int) -> tuple[int, int | None]:
    """One batch of people with a higher primary key than ``after``. Also returns the last key; None at the end.

    The row of the demand is locked meanwhile: a parallel run waits here and then finds these people reminded.
    """
    locked = _locked(organisation)
    choice = flows.present(locked)
    if choice.first_day is None:
        return 0, None  # withdrawn since the run began
    requirement = Requirement(locked.name if locked else "", choice.first_day)
    day = due(requirement.days_left)
    if day is None:
        return 0, None
    people = recipients(locked, choice.whom, requirement, day).filter(pk__gt=after).order_by("pk")
    batch = list(people.select_related("membership__organisation")[: limits.REMINDER_BATCH])
    reached = [person for person in batch if not _is_required_earlier(person, requirement)]
    for person in reached:
        _remind(person, locked, requirement)
    PasskeyReminder.objects.bulk_create(
        PasskeyReminder(user=person, required_from=requirement.required_from, days_before=day) for person in reached
    )
    return len(reached), batch[-1].pk if len(batch) == limits.REMINDER_BATCH else None


def _locked(organisation: Organisation | None) -> Organisation | None:
    if organisation is None:
        list(StaffPolicy.objects.select_for_update())
        return None
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)


def recipients(organisation: Organisation | None, whom: str, requirement: Requirement, day: int) -> QuerySet[User]:
    """Who gets the mail of this day: people without a passkey who did not get one of that day for another demand. Not
    those who never chose a password: their invitation comes first."""
    told = PasskeyReminder.objects.filter(user=OuterRef("pk"), required_from=requirement.required_from, days_before=day)
    return coverage.without_passkey(organisation, whom).exclude(NO_PASSWORD).filter(~Exists(told))


def _is_required_earlier(person: User, requirement: Requirement) -> bool:
    """Is a passkey required of this person from an earlier day too? Then that day is the one to hear of. Of staff only:
    of others only their organisation requires one."""
    first = sign_in_policy.passkey_requirement_for(person) if person.is_staff else None
    return first is not None and first.required_from < requirement.required_from


def _remind(person: User, organisation: Organisation | None, requirement: Requirement) -> None:
    address = settings.PUBLIC_URL + reverse("passkey_add")
    facts: dict[str, Any] = {"requirement": requirement, "organisation": requirement.organisation, "address": address}
    sending.send("passkey_reminder", person, in_bulk=True, **facts)
    detail: dict[str, str | int] = {
        "factor": "passkey",
        "required_from": requirement.required_from.isoformat(),
        "days_left": requirement.days_left,
    }
    record(Event.REMINDED, subject=person, organisation=organisation, origin=CONSOLE, detail=detail)


def purge() -> int:
    """Delete reminders of demands that began more than `limits.REMINDERS_KEPT` ago. Returns the number."""
    oldest = timezone.localdate() - limits.REMINDERS_KEPT
    return PasskeyReminder.objects.filter(required_from__lt=oldest).delete()[0]
