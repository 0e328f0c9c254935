"""The link "Dit was ik niet" in a mail: it names the audit entry that the mail is about."""

from __future__ import annotations

from django.core import signing

from accounts import limits
from accounts.audit.models import AuditEntry

SALT = "accounts.audit.links"


def make(entry: AuditEntry) -> str:
    return signing.dumps(entry.pk, salt=SALT)


def entry_of(token: str) -> AuditEntry | None:
    """The entry, or None when the link is forged or older than `limits.NOT_ME_LINK`."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=limits.NOT_ME_LINK)
    except signing.BadSignature:
        return None
    return AuditEntry.objects.filter(pk=pk, subject__is_active=True).select_related("subject").first()
