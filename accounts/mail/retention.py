"""How long it is kept to whom which mail was sent."""

from __future__ import annotations

from django.utils import timezone

from accounts import limits
from accounts.mail.models import OutgoingMail


def purge() -> int:
    """Delete mails of which nothing more was tried for long, and earlier what stands in them. Returns their number."""
    now = timezone.now()
    OutgoingMail.objects.filter(ended_at__lt=now - limits.MAIL_RETRY).exclude(content=b"").update(content=b"")
    # Of whoever is removed nothing stays, also when no worker came to it.
    OutgoingMail.objects.filter(keep_nothing=True, created_at__lt=now - limits.MAIL_GIVEN_UP).delete()
    return OutgoingMail.objects.filter(ended_at__lt=now - limits.MAIL_KEPT).delete()[0]
