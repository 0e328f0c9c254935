"""Removing a person: the account and everything about it goes, and the audit trail keeps what happened without saying
who it was (GDPR, article 17; docs/decisions/0019-erasing-people-from-the-audit-trail.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from accounts import limits
from accounts.audit import chain, redaction
from accounts.audit.events import Event
from accounts.audit.models import Repetition
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.mail.models import OutgoingMail
from accounts.models import User
from accounts.sso.models import MailDomain
from accounts.support.models import Intervention, Report
from accounts.throttling.models import AttemptCounter


@dataclass(frozen=True)
class Result:
    """``refusal``: why nothing was done, for the operator; ``entries``: from how many audit entries the person went."""

    refusal: str = ""
    entries: int = 0


def remove(user: User, reason: str, origin: Origin) -> Result:
    """Only of somebody who is deactivated: so nobody goes by a slip, and the last active superuser stays. ``reason``
    is kept, so it names nobody."""
    chain.seal(everything=True)  # only what is sealed can be erased
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=user.pk)  # its address may have changed meanwhile
            if user.is_active:
                return Result("Deactivate this person first.")
            addresses = redaction.addresses_of(user.pk, user.email)
            if any(address.lower() in reason.lower() for address in addresses):
                return Result("The reason is kept: it must not name the person.")
            entries = redaction.erase(user.pk, addresses)
            _remove_rows(user, addresses)
            _tell(user)
            detail: dict[str, str | int] = {"person": redaction.name_of(user.pk), "entries": entries}
            user.delete()
            record(Event.PERSON_REMOVED, subject=None, origin=origin, reason=reason, detail=detail)
    except redaction.ChainBrokenError as error:
        return Result(f"{error}: see docs/audit-trail-and-keys.md.")
    return Result(entries=entries)


def _tell(user: User) -> None:
    """The last mail: sealed in the outbox until it is delivered or given up, and nothing of it is kept after that."""
    # Not the account, which is about to go: the mail must not be bound to it.
    recipient = User(email=user.email, first_name=user.first_name, language=user.language)
    sending.send(
        Event.PERSON_REMOVED, recipient, keep_nothing=True, valid_for=limits.MAIL_GIVEN_UP, at=timezone.localtime()
    )


def _remove_rows(user: User, addresses: set[str]) -> None:
    """What `delete` of the account would not take along, or would be refused by."""
    Intervention.objects.filter(subject=user).delete()
    Intervention.objects.filter(worker=user).update(worker=None)
    Intervention.objects.filter(approved_by=user).update(approved_by=None)
    Report.objects.filter(looked_by=user).update(looked_by=None)
    MailDomain.objects.filter(proved_by=user).update(proved_by=None)
    AttemptCounter.objects.filter(subject=f"user:{user.pk}").delete()
    Repetition.objects.filter(subject=user.pk).delete()
    OutgoingMail.objects.filter(person=user).delete()  # also to an address that was never confirmed
    line: Any = apps.get_model("people", "ImportLine")
    for address in addresses:
        OutgoingMail.objects.filter(to__iexact=address).delete()
        line.objects.filter(address__iexact=address).delete()
