"""The link "Dit was ik niet" in a mail: it names the audit entry that the mail is about, and to whom it was sent."""

from __future__ import annotations

import hashlib

from django.core import signing

from accounts import limits
from accounts.audit.models import AuditEntry

SALT = "accounts.audit.links"  # the earlier name of this module: links that were sent must stay valid
DIGITS = 20  # of the hash of an address: the address itself has no place in a link


def make_token(entry: AuditEntry, to: str = "") -> str:
    """``to``: the address that it is mailed to, by default that of the person when the entry was written."""
    return signing.dumps([entry.pk, mailbox_id(to or entry.subject_name)], salt=SALT)


def entry_of(token: str) -> AuditEntry | None:
    """The entry, or None when the link is forged or older than `limits.NOT_ME_LINK`."""
    pk, _mailbox = _parts(token)
    return AuditEntry.objects.filter(pk=pk, subject__is_active=True).select_related("subject").first() if pk else None


def mailbox_id_of(token: str, entry: AuditEntry) -> str:
    """The `mailbox_id` of the address that the link was sent to."""
    return _parts(token)[1] or mailbox_id(entry.subject_name)


def mailbox_id(address: str) -> str:
    """A hash that identifies a mailbox. Not keyed: a link and a report outlive a change of SECRET_KEY, and whoever sees
    one of them knows the address."""
    return hashlib.sha256(f"{SALT}|{address.lower()}".encode()).hexdigest()[:DIGITS]


def _parts(token: str) -> tuple[int, str]:
    """Id of the entry, and `mailbox_id`. A number alone is a link of an earlier version."""
    try:
        content = signing.loads(token, salt=SALT, max_age=limits.NOT_ME_LINK)
    except signing.BadSignature:
        return 0, ""
    return (content, "") if isinstance(content, int) else (content[0], content[1])
