""" "Dit was ik niet": what the link in a security mail does. Works once, without signing in.

What it undoes is what the mail was about (`Reversal`). Always it ends every session, forgets the known browsers, makes
every mailed link void, and stops what support has begun.
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
from accounts.audit import report_links
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
from accounts.support import cancellation, independence
from accounts.support.models import Check, Report
from accounts.throttling import flows as throttling
from accounts.throttling import known_browsers
from accounts.two_factor import devices, reversal
from accounts.two_factor.account_recovery import flows as account_recovery

# Somebody else set the password, or typed the right one.
PASSWORD_KNOWN = (
    Event.PASSWORD_CHANGED,
    Event.PASSWORD_TREATED_AS_STOLEN,
    Event.WRONG_CODES,
    Event.SIGN_INS_CROWD,
    Event.EMERGENCY_SIGN_IN,
    Event.SSO_LINKED,
)
ADDRESS, MAILBOX = "address", "mailbox"  # why no link for a password is mailed


def reportable(token: str) -> AuditEntry | None:
    """The event that the link is about, if it was not reported yet and the mail went to the person."""
    entry = report_links.entry_of(token)
    if (
        entry is None
        or Report.objects.filter(entry=entry).exists()
        or _is_of_a_thief(entry, report_links.mailbox_id_of(token, entry))
    ):
        return None
    return entry


def of(token: str) -> Report | None:
    """The report that was made with this link."""
    entry = report_links.entry_of(token)
    return Report.objects.filter(entry=entry).select_related("entry").first() if entry else None


def _is_of_a_thief(entry: AuditEntry, mailbox: str) -> bool:
    """Was it mailed between a change of address and the report that set it back, to another mailbox than that of the
    owner? Whoever reads there must not take from the owner what the owner does."""
    turned_back = AuditEntry.objects.filter(subject=entry.subject_id, event=Event.ADDRESS_RESTORED, pk__gt=entry.pk)
    return any(
        int(back.detail["since"]) < entry.pk and report_links.mailbox_id(str(back.detail["after"])) != mailbox
        for back in turned_back
    )


def report(token: str, origin: Origin) -> bool:
    """Undo what the mail was about, end whatever is open, and block support until somebody has looked. False: too
    late."""
    entry = reportable(token)
    if entry is None or entry.subject is None:
        return False
    is_known = entry.event in PASSWORD_KNOWN and entry.subject.has_usable_password()
    # A password that nobody knows. Hashed before anything is locked.
    unknown = make_password(secrets.token_urlsafe(32)) if is_known else ""
    try:
        with transaction.atomic():
            _report(entry, entry.subject, _mailbox_of(entry, token), unknown, origin)
    except IntegrityError:
        return False  # a parallel press on the same button was first
    return True


def _report(entry: AuditEntry, subject: User, mailbox: str, unknown: str, origin: Origin) -> None:
    # The person before the counters and the sessions, as a sign-in does; in another order the two could wait for each
    # other.
    people = User.objects.select_for_update(of=("self",)).select_related("membership__organisation")
    user = people.get(pk=subject.pk)
    made = Report.objects.create(user=user, entry=entry)
    throttling.lock_counters(user)
    _end_what_is_open(user, origin)
    undone = _undo(entry, user, unknown, origin)
    if doubt := _doubt(entry, user, mailbox, undone):
        undone["doubt"] = doubt
    Report.objects.filter(pk=made.pk).update(undone=undone, mailbox=mailbox)
    _withhold_links(user)
    detail: dict[str, str | int] = {"about": entry.event, **undone}
    noted = record(Event.REPORTED_NOT_ME, subject=user, origin=origin, detail=detail)
    if unknown and sign_in_policy.is_needed_emergency_account(user):
        _tell_of_emergency_account(user)
    for address in {user.email.lower(), _address_of(entry).lower()}:
        notify(noted, user, to=address, undone=undone)


def _tell_of_emergency_account(user: User) -> None:
    """Its password is void: nobody would come in when the provider does not work."""
    organisation = user.membership.organisation
    page = settings.PUBLIC_URL + reverse("sso_emergency_account", args=[organisation.slug])
    for other in sign_in_policy.recipients(organisation, besides=user):
        sending.send("emergency_void", other, who=user.email, organisation=organisation.name, address=page)


def _end_what_is_open(user: User, origin: Origin) -> None:
    known_browsers.forget_all(user)
    sessions.end_all(user)
    cancellation.stop_everything(user, origin)
    account_recovery.distrust_links(user)
    # A part of every mailed link, for a password and for another address.
    User.objects.filter(pk=user.pk).update(links_issued=F("links_issued") + 1)
    user.refresh_from_db(fields=["links_issued"])


def _undo(entry: AuditEntry, user: User, unknown: str, origin: Origin) -> dict[str, Any]:
    """What was undone, as facts for the page, the mail and the audit entry; see `Report.undone`."""
    undone: dict[str, Any] = {}
    if unknown:
        user.password = unknown
        user.save(update_fields=["password"])
        undone["password"] = "void"  # noqa: S105 - a fact, not a password
    if entry.event in ADDRESS_CHANGES:
        undone["address"] = "restored" if _restore_address(entry, user, origin) else "taken"
    if entry.event == Event.SSO_LINKED:
        # A business account that somebody else linked would outlive every other remedy.
        undone["unlinked"] = identities.unlink(user, str(entry.detail.get("issuer", "")))
        if undone["unlinked"] and sign_in_policy.must_use_business_account(user):
            passwords.await_invitation(user)
    factors = reversal.reverse(user, entry)
    undone |= {name: int(fact) for name, fact in vars(factors).items() if fact}
    return undone


def _restore_address(entry: AuditEntry, user: User, origin: Origin) -> bool:
    """The address of before; False when it is somebody else's by now. Whoever reads the other one hears of it, because
    that may be the owner, and this a press of who reads the old one."""
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
    if before.lower() != after.lower():
        sending.send(restored.event, user, to=before, detail=detail, at=timezone.localtime(restored.at))
    return True


def _address_of(entry: AuditEntry) -> str:
    """Where the mail about this went. Of another address: the one before, which heard of it as well."""
    return str(entry.detail.get("before", "")) if entry.event in ADDRESS_CHANGES else entry.subject_name


def _mailbox_of(entry: AuditEntry, token: str) -> str:
    """Whose word this is. Of another address always that of the owner, whoever of the two pressed."""
    return (
        report_links.mailbox_id(_address_of(entry))
        if entry.event in ADDRESS_CHANGES
        else report_links.mailbox_id_of(token, entry)
    )


def _doubt(entry: AuditEntry, user: User, mailbox: str, undone: dict[str, Any]) -> str:
    """Why a link for a password would not reach the owner alone; empty when it would.

    Where a second step is asked, a password set by whoever reads the mailbox too opens nothing.
    """
    if report_links.mailbox_id(user.email) != mailbox:
        return ADDRESS
    if entry.event == Event.SECOND_STEP_RESET and undone.get("back"):
        return MAILBOX  # support may have ended a phone that was stolen together with the mailbox
    by_mail = entry.event == Event.PASSWORD_CHANGED and entry.detail.get("way") == "mailed link"
    is_alone = by_mail or undone.get("unlinked")
    return MAILBOX if is_alone and not devices.has_confirmed_device(user) else ""


def _withhold_links(user: User) -> None:
    """Mail no link for a password while an open report doubts where it would go, and mail them again afterwards."""
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
def looked_at(report: Report, by: User, origin: Origin, *, check: Check, reason: str = "") -> bool:
    """Somebody else has looked and spoken to the person, so support may act again; False for one's own report, a
    second time, or from whom `parties` counts as one with who gave this person another address.

    ``check``: how the person was recognised, by a way that does not pass the mailbox. The view has checked that ``by``
    has the right, and works for this person.
    """
    user = User.objects.select_for_update().get(pk=report.user_id)
    if independence.changed_address(by, user):
        return _refuse_looking(report, by, origin, "changed_address")
    fresh = Report.objects.filter(pk=report.pk, looked_at=None).exclude(user=by)
    if fresh.update(looked_at=timezone.now(), looked_by=by) != 1:
        return _refuse_looking(report, by, origin, "oneself" if report.user_id == by.pk else "not_ready")
    _withhold_links(user)
    detail: dict[str, str | int] = {"check": Check(check).value}
    entry = record(Event.REPORT_LOOKED_AT, subject=user, actor=by, origin=origin, reason=reason, detail=detail)
    sending.send(entry.event, user, check=Check(check).label, reason=reason, at=timezone.localtime(entry.at))
    return True


def _refuse_looking(report: Report, by: User, origin: Origin, cause: str) -> bool:
    """Recorded: somebody wanted to close it who may not."""
    event = Event.REPORT_LOOKED_AT
    record(event, subject=report.user, actor=by, origin=origin, succeeded=False, detail={"cause": cause})
    return False
