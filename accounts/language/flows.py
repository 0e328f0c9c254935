from __future__ import annotations

from django.db import transaction

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User


@transaction.atomic
def change(user: User, language: str, origin: Origin) -> None:
    """From now on pages and mails are in this language (a code of `settings.LANGUAGES`)."""
    if User.objects.filter(pk=user.pk).exclude(language=language).update(language=language):
        user.language = language
        record(Event.DETAILS_CHANGED, subject=user, origin=origin, detail={"language": language})
