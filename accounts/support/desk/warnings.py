"""Signs that the caller may be somebody else, each as a sentence with its facts. The worker decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry
from accounts.encryption import SecretUnreadableError
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.support import unverified_changes
from accounts.support.desk.account_state import Account
from accounts.support.flows import is_privileged
from accounts.support.models import HelpRequest, Report
from accounts.two_factor import time_steps
from accounts.two_factor.models import Authenticator, Passkey


def of(subject: User, account: Account, *, may_act: bool = True) -> list[str]:
    """The worst first. ``may_act``: may this worker help? Else nothing is said about approval by a second one."""
    return [
        *_reported(subject),
        *_unreadable(account),
        *_copied(subject),
        *_used_after_loss(subject, account),
        *_stolen(subject),
        *_mailbox(subject, account, may_act=may_act),
        *_many_requests(subject),
        *_open_ways(account),
        *_rights(subject, may_act=may_act),
        *_organisation(subject),
    ]


def _when(at: datetime) -> dict[str, str]:
    local = timezone.localtime(at)
    return {"date": date_format(local, "j F Y"), "time": date_format(local, "H:i")}


def _reported(subject: User) -> Iterator[str]:
    for report in Report.objects.filter(user=subject, looked_at=None):
        yield _("On %(date)s at %(time)s this person reported “this was not me”, and nobody has looked at it yet.") % (
            _when(report.reported_at)
        )


def _unreadable(account: Account) -> Iterator[str]:
    for device in account.devices:
        if not _is_readable(device):
            yield _(
                "Our side cannot read the secret of “%(name)s”, so it does not work. "
                "Tell whoever runs the portal. A recovery code still works."
            ) % {"name": device.name}


def _is_readable(device: Authenticator | Passkey) -> bool:
    if isinstance(device, Authenticator):
        return time_steps.secret_of(device) is not None
    try:
        device.public_key()
    except SecretUnreadableError:
        return False
    return True


def _copied(subject: User) -> Iterator[str]:
    if entry := _since(subject, Event.PASSKEY_COUNT_FELL):
        facts = _when(entry.at) | {"name": str(entry.detail.get("name", ""))}
        yield (
            _(
                "Passkey “%(name)s” was refused on %(date)s at %(time)s because it counted back: it may have been "
                "copied. Let the person remove it and add another."
            )
            % facts
        )


def _used_after_loss(subject: User, account: Account) -> Iterator[str]:
    since = timezone.now() - limits.WARNING_PERIOD
    asked = HelpRequest.objects.filter(user=subject, cancelled_at=None, asked_at__gt=since)
    newest = asked.order_by("-asked_at").first()
    for device in account.devices if newest else []:
        if newest and device.last_used_at and device.last_used_at > newest.asked_at:
            facts = _when(device.last_used_at) | {"name": device.name, "reference": newest.reference}
            yield (
                _(
                    "“%(name)s” was used on %(date)s at %(time)s, after it was reported as lost (%(reference)s). "
                    "Somebody has it, or it is not lost."
                )
                % facts
            )


def _since(subject: User, *events: Event) -> AuditEntry | None:
    since = timezone.now() - limits.WARNING_PERIOD
    found = AuditEntry.objects.filter(subject=subject, event__in=events, at__gt=since)
    return found.order_by("-pk").first()


def _stolen(subject: User) -> Iterator[str]:
    if entry := _since(subject, Event.PASSWORD_TREATED_AS_STOLEN):
        yield _(
            "Many wrong codes after the right password, on %(date)s at %(time)s: the password counts as stolen. "
            "Let the person choose a new one."
        ) % _when(entry.at)


def _mailbox(subject: User, account: Account, *, may_act: bool) -> Iterator[str]:
    """Until the second factor is used again; without one, for `limits.WARNING_PERIOD`."""
    doubtful = unverified_changes.changes(subject)
    found = doubtful if account.devices or account.recovery else unverified_changes.recent(subject)
    moved = [entry for entry in found if entry.event in ADDRESS_CHANGES]
    by_mail = [entry for entry in found if entry.event == Event.PASSWORD_CHANGED]
    for entry in moved[-1:]:
        yield _("The e-mail address was changed on %(date)s at %(time)s. Words that we mail go to the new one.") % (
            _when(entry.at)
        )
    for entry in by_mail[-1:]:
        yield _(
            "The password was set by a mailed link on %(date)s at %(time)s: mailed words prove nothing more. "
            "Ask for something that only this person knows, or call back."
        ) % _when(entry.at)

    if doubtful and may_act:
        yield _(
            "Until somebody signs in with the second step, unlinking the device, a code or another address takes "
            "a second worker, or a day."
        )


def _many_requests(subject: User) -> Iterator[str]:
    since = timezone.now() - limits.WARNING_REQUESTS_PERIOD
    asked = HelpRequest.objects.filter(user=subject, asked_at__gt=since).count()
    if asked >= limits.WARNING_REQUESTS:
        hours = int(limits.WARNING_REQUESTS_PERIOD.total_seconds()) // 3600
        yield _("Help was asked for %(asked)s times in the last %(hours)s hours.") % {"asked": asked, "hours": hours}


def _open_ways(account: Account) -> Iterator[str]:
    if account.recovery:
        yield _("The old device was unlinked on %(date)s at %(time)s, and no new one is linked yet.") % (
            _when(account.recovery.began_at)
        )
    if account.bridge_code_until:
        yield _("A code was given already; it works until %(time)s. A new one makes it void.") % (
            _when(account.bridge_code_until)
        )


def _rights(subject: User, *, may_act: bool) -> Iterator[str]:
    if not subject.is_active:
        yield _("This account is not active: this person cannot sign in.")
    if may_act and is_privileged(subject):
        yield _("This account has rights in the administration: a second worker approves, or it takes a day.")


def _organisation(subject: User) -> Iterator[str]:
    for organisation in Organisation.objects.filter(memberships__user=subject, second_step=SecondStep.BUSINESS_ACCOUNT):
        yield _("%(organisation)s signs in with the business account only: its own helpdesk can help.") % {
            "organisation": organisation.name
        }
