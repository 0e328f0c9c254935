"""Replay protection: each ``state`` and logout token counts once, also in parallel, by a unique key in the database."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.sso.models import Spent


def use_once(kind: str, *names: str, until: datetime) -> bool:
    """True the first time. ``until``: when the token itself expires, and the digest can be deleted."""
    digest = hashlib.sha256(chr(0).join((kind, *names)).encode()).hexdigest()
    try:
        with transaction.atomic():
            Spent.objects.create(digest=digest, until=until)
    except IntegrityError:
        return False
    return True


def purge() -> int:
    """Delete expired digests. Returns how many."""
    return Spent.objects.filter(until__lt=timezone.now()).delete()[0]
