"""Which audit entry a link "Dit was ik niet" reports, and whether it still can."""

from __future__ import annotations

from accounts.audit import report_links
from accounts.audit.events import Event
from accounts.audit.models import ADDRESS_CHANGES, AuditEntry
from accounts.support.models import Report


def reportable(token: str) -> AuditEntry | None:
    """The audit entry of the link, if it was not reported yet and the mail went to the person."""
    entry = _entry_of(token)
    if (
        entry is None
        or Report.objects.filter(entry=entry).exists()
        or _was_mailed_to_attacker(entry, report_links.mailbox_id_of(token, entry))
    ):
        return None
    return entry


def of(token: str) -> Report | None:
    """The report that was made with this link."""
    entry = _entry_of(token)
    return Report.objects.filter(entry=entry).select_related("entry").first() if entry else None


def _entry_of(token: str) -> AuditEntry | None:
    """What a report with this link is about. Of several changes of address in a row each is told to all the addresses
    that were left: then the one that left the address of the link, because only that one leads back to it."""
    entry = report_links.entry_of(token)
    if entry is None or entry.event not in ADDRESS_CHANGES:
        return entry
    mailbox = report_links.mailbox_id_of(token, entry)
    if mailbox == report_links.mailbox_id(entry.subject_name):
        return entry  # of the present address, which may have been left and returned to long ago
    earlier = AuditEntry.objects.filter(subject=entry.subject_id, event__in=ADDRESS_CHANGES, pk__lte=entry.pk)
    return next((one for one in earlier.select_related("subject").order_by("-pk") if _left(one) == mailbox), entry)


def _left(entry: AuditEntry) -> str:
    return report_links.mailbox_id(str(entry.detail.get("before", "")))


def _was_mailed_to_attacker(entry: AuditEntry, mailbox: str) -> bool:
    """Was it mailed between a change of address and the report that restored it, to another mailbox than the owner's?
    Whoever reads that one must not revert what the owner does."""
    turned_back = AuditEntry.objects.filter(subject=entry.subject_id, event=Event.ADDRESS_RESTORED, pk__gt=entry.pk)
    return any(
        int(back.detail["since"]) < entry.pk and report_links.mailbox_id(str(back.detail["after"])) != mailbox
        for back in turned_back
    )
