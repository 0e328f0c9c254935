""" "Dit was ik niet": the report made by the link in a security mail. It works once, without signing in.

It reverts what the mail was about (`Reversal`). It always ends every session, forgets the known browsers, voids every
mailed link, and cancels what support has begun.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.active_sessions import flows as sessions
from accounts.audit import report_links, unproved
from accounts.audit.events import Event
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import sign_in_policy
from accounts.passwords import flows as passwords
from accounts.sso import identities
from accounts.support import cancellation, independence, reported_entry, unverified_changes
from accounts.support.models import Check, Report
from accounts.throttling import flows as throttling
from accounts.throttling import known_browsers
from accounts.two_factor import devices, reversal
from accounts.two_factor.account_recovery import flows as account_recovery

# Events that mean: somebody else set the password, or knows it.
PASSWORD_KNOWN = (
    Event.PASSWORD_CHANGED,
    Event.PASSWORD_TREATED_AS_STOLEN,
    Event.WRONG_CODES,
    Event.SIGN_INS_CROWD,
    Event.EMERGENCY_SIGN_IN,
    Event.SSO_LINKED,
)
ADDRESS, MAILBOX = "address", "mailbox"  # why no password link is mailed


def report(token: str, origin: Origin) -> bool:
    """Revert what the mail was about, end all sessions and links, and block support until the report is closed. False
    when it is too late."""
    entry = reported_entry.reportable(token)
    if entry is None or entry.subject is None:
        return False
    # A password that nobody knows. Hashed before anything is locked.
    unknown_hash = make_password(secrets.token_urlsafe(32)) if entry.subject.has_usable_password() else ""
    try:
        with transaction.atomic():
            _report(entry, entry.subject, _mailbox_of(entry, token), unknown_hash, origin)
    except IntegrityError:
        return False  # a parallel press on the same button was first
    return True


def _report(entry: AuditEntry, subject: User, mailbox: str, unknown_hash: str, origin: Origin) -> None:
    # Locks in the order of a sign-in, the person before counters and sessions: another order could deadlock.
    people = User.objects.select_for_update(of=("self",)).select_related("membership__organisation")
    user = people.get(pk=subject.pk)
    made = Report.objects.create(user=user, entry=entry)
    throttling.lock_counters(user)
    _end_sessions_and_links(user, origin)
    undone = _undo(entry, user, unknown_hash, origin)
    if doubt := _doubt(entry, user, mailbox, undone):
        undone["doubt"] = doubt
    Report.objects.filter(pk=made.pk).update(undone=undone, mailbox=mailbox)
    _withhold_links(user)
    detail: dict[str, str | int] = {"about": entry.event, **undone}
    noted = record(Event.REPORTED_NOT_ME, subject=user, origin=origin, detail=detail)
    if "password" in undone and sign_in_policy.is_needed_emergency_account(user):
        _tell_of_emergency_account(user)
    reported_from = [one for one in unproved.former_addresses(user) if report_links.mailbox_id(one) == mailbox]
    for address in {one.lower() for one in (user.email, _address_of(entry), *reported_from)}:
        notify(noted, user, to=address, undone=undone)


def _tell_of_emergency_account(user: User) -> None:
    """Its password is void: nobody could sign in when the provider does not work."""
    organisation = user.membership.organisation
    page = settings.PUBLIC_URL + reverse("sso_emergency_account", args=[organisation.slug])
    for other in sign_in_policy.recipients(organisation, besides=user):
        sending.send("emergency_void", other, who=user.email, organisation=organisation.name, address=page)


def _end_sessions_and_links(user: User, origin: Origin) -> None:
    known_browsers.forget_all(user)
    sessions.end_all(user)
    cancellation.cancel_everything(user, origin)
    account_recovery.distrust_links(user)
    # Part of every mailed link for a password or another address; a change voids them.
    User.objects.filter(pk=user.pk).update(links_issued=F("links_issued") + 1)
    user.refresh_from_db(fields=["links_issued"])


def _undo(entry: AuditEntry, user: User, unknown_hash: str, origin: Origin) -> dict[str, Any]:
    """Revert it. Returns the facts for the page, the mail and the audit entry; see `Report.undone`."""
    undone: dict[str, Any] = {}
    if entry.event in ADDRESS_CHANGES:
        undone["address"] = "restored" if _restore_address(entry, user, origin) else "taken"
    if unlinked := _unlink(entry, user):
        undone["unlinked"] = unlinked
    factors = reversal.reverse(user, entry)
    undone |= {name: int(fact) for name, fact in vars(factors).items() if fact}
    is_known = entry.event in PASSWORD_KNOWN or _set_since(entry, user) or (factors.stolen and _set_by_mail(user))
    if unknown_hash and is_known:
        user.password = unknown_hash
        user.save(update_fields=["password"])
        undone["password"] = "void"  # noqa: S105 - a fact, not a password
    if unlinked and sign_in_policy.must_use_business_account(user):
        passwords.await_invitation(user)
    if factors.closed and not account_recovery.accepts_links(user):
        undone["support"] = 1
    return undone


def _unlink(entry: AuditEntry, user: User) -> int:
    """Unlink the business accounts that this entry or a later one linked: they would survive everything else. Returns
    how many there were."""
    linked = AuditEntry.objects.filter(subject=user, event=Event.SSO_LINKED, succeeded=True, pk__gte=entry.pk)
    issuers = {str(detail.get("issuer", "")) for detail in linked.values_list("detail", flat=True)}
    return sum(identities.unlink(user, issuer) for issuer in issuers)


def _set_since(entry: AuditEntry, user: User) -> bool:
    """Was a password set at the address that the reported change led to?"""
    since = AuditEntry.objects.filter(subject=user, event=Event.PASSWORD_CHANGED, succeeded=True, pk__gt=entry.pk)
    return entry.event in ADDRESS_CHANGES and since.exists()


def _set_by_mail(user: User) -> bool:
    """Was a password set by mail lately? With a device that may be stolen back in use, the thief may know it."""
    return any(one.event == Event.PASSWORD_CHANGED for one in unverified_changes.recent(user))


def _restore_address(entry: AuditEntry, user: User, origin: Origin) -> bool:
    """Restore the earlier address; False when it is somebody else's by now. The address until now, and those between,
    are told, because one may be the owner's, and this report be made by somebody who reads the old mailbox."""
    before, after = user.email, str(entry.detail.get("before", ""))
    if not after or User.objects.filter(email__lower=after.lower()).exclude(pk=user.pk).exists():
        return False
    user.email = after
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        user.email = before
        return False
    detail: dict[str, str | int] = {"before": before, "after": after, "since": entry.pk}
    restored = record(Event.ADDRESS_RESTORED, subject=user, origin=origin, detail=detail)
    for address in {before.lower(), *_between(entry, user)} - {after.lower()}:
        sending.send(restored.event, user, to=address, detail=detail, at=timezone.localtime(restored.at))
    return True


def _between(entry: AuditEntry, user: User) -> set[str]:
    """The addresses that changes since this one left."""
    since = AuditEntry.objects.filter(subject=user, event__in=ADDRESS_CHANGES, pk__gt=entry.pk)
    return {str(detail.get("before", "")).lower() for detail in since.values_list("detail", flat=True)} - {""}


def _address_of(entry: AuditEntry) -> str:
    """Where the mail about this went. After a change of address: the earlier one, which was told as well."""
    return str(entry.detail.get("before", "")) if entry.event in ADDRESS_CHANGES else entry.subject_name


def _mailbox_of(entry: AuditEntry, token: str) -> str:
    """The mailbox that the report came from. After a change of address always the owner's, whichever link was used."""
    return (
        report_links.mailbox_id(_address_of(entry))
        if entry.event in ADDRESS_CHANGES
        else report_links.mailbox_id_of(token, entry)
    )


def _doubt(entry: AuditEntry, user: User, mailbox: str, undone: dict[str, Any]) -> str:
    """Why a password link would not reach the owner alone; empty when it would.

    Where a second factor is needed, a password set by somebody else who reads the mailbox opens nothing.
    """
    if report_links.mailbox_id(user.email) != mailbox:
        return ADDRESS
    if undone.get("stolen"):
        return MAILBOX  # it may have been stolen together with the mailbox
    by_mail = entry.event == Event.PASSWORD_CHANGED and entry.detail.get("way") == "mailed link"
    is_alone = by_mail or undone.get("unlinked")
    return MAILBOX if is_alone and not devices.has_confirmed_device(user) else ""


def _withhold_links(user: User) -> None:
    """Withhold password links while an open report doubts where they would go; afterwards they are mailed again."""
    doubts = [
        (report.undone["doubt"], report.mailbox)
        for report in Report.objects.filter(user=user, looked_at=None)
        if "doubt" in report.undone
    ]
    user.links_withheld = any(
        why == MAILBOX or mailbox != report_links.mailbox_id(user.email) for why, mailbox in doubts
    )
    user.save(update_fields=["links_withheld"])


def is_open(user: User) -> bool:
    return Report.objects.filter(user=user, looked_at=None).exists()


@transaction.atomic
def close(report: Report, by: User, origin: Origin, *, check: Check, reason: str = "") -> bool:
    """Close a report after contact with the person, so that support may act again. False for one's own report, a report
    that is closed already, or when `independence` excludes ``by``.

    ``check``: how the person was identified, without using the mailbox. The view has checked that ``by`` has the
    permission, and this person in scope.
    """
    user = User.objects.select_for_update().get(pk=report.user_id)
    if independence.changed_address(by, user):
        return _refuse_closing(report, by, origin, "changed_address")
    fresh = Report.objects.filter(pk=report.pk, looked_at=None).exclude(user=by)
    if fresh.update(looked_at=timezone.now(), looked_by=by) != 1:
        return _refuse_closing(report, by, origin, "oneself" if report.user_id == by.pk else "not_ready")
    _withhold_links(user)
    detail: dict[str, str | int] = {"check": Check(check).value}
    entry = record(Event.REPORT_LOOKED_AT, subject=user, actor=by, origin=origin, reason=reason, detail=detail)
    sending.send(entry.event, user, check=Check(check).label, reason=reason, at=timezone.localtime(entry.at))
    return True


def _refuse_closing(report: Report, by: User, origin: Origin, cause: str) -> bool:
    """Record that somebody tried to close it who may not."""
    event = Event.REPORT_LOOKED_AT
    record(event, subject=report.user, actor=by, origin=origin, succeeded=False, detail={"cause": cause})
    return False
