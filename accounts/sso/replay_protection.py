"""What counts once, exactly, also when it comes twice at the same moment: the database keeps each digest once."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.sso.models import Spent


def use(what: str, *names: str, until: datetime) -> bool:
    """Is this the first time? ``until``: afterwards nobody takes the thing any more."""
    digest = hashlib.sha256(chr(0).join((what, *names)).encode()).hexdigest()
    try:
        with transaction.atomic():
            Spent.objects.create(digest=digest, until=until)
    except IntegrityError:
        return False
    return True


def purge() -> int:
    """Delete what is too old anyway. Returns how many."""
    return Spent.objects.filter(until__lt=timezone.now()).delete()[0]
