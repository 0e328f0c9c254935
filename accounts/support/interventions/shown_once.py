"""The code that a worker reads out: kept encrypted in the session over one redirect, and shown exactly once."""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts import encryption, limits
from accounts.models import User
from accounts.support.models import Intervention

CARRIED = "code_of_support"


def _owner(worker: User) -> str:
    return f"code-of-support:{worker.pk}"


def keep(session: MutableMapping[str, Any], worker: User, intervention: Intervention, code: str) -> None:
    """Encrypted, because sessions are stored in the database."""
    content = json.dumps({"intervention": intervention.pk, "code": code})
    session[CARRIED] = encryption.seal_text(content, owner=_owner(worker))


def take(session: MutableMapping[str, Any], worker: User, subject: User) -> tuple[Intervention, str] | None:
    """The intervention and its code, once; None the next time, in another tab, and for another person.

    A conditional update decides, because two tabs read the same session. Raises encryption.SecretUnreadableError.
    """
    sealed = session.pop(CARRIED, None)
    if sealed is None:
        return None
    content = json.loads(encryption.unseal_text(sealed, owner=_owner(worker)))
    fresh = timezone.now() - limits.BRIDGE_CODE
    mine = Intervention.objects.filter(pk=content["intervention"], worker=worker, subject=subject, shown_at=None)
    if mine.filter(done_at__gt=fresh).update(shown_at=timezone.now()) != 1:
        return None
    return Intervention.objects.get(pk=content["intervention"]), content["code"]


def valid_until(intervention: Intervention) -> datetime:
    """When the code stops working."""
    return (intervention.done_at or timezone.now()) + limits.BRIDGE_CODE
