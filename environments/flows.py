from __future__ import annotations

from django.db import transaction

from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User
from environments.models import Environment


@transaction.atomic
def open_environment(user: User, slug: str, origin: Origin) -> Environment | None:
    """The environment, with a note that it was opened; None when there is none or it is not this person's."""
    environment = Environment.objects.open_to(user).filter(slug=slug).first()
    if environment is not None:
        record(
            Event.ENVIRONMENT_OPENED,
            subject=user,
            origin=origin,
            detail={"environment": environment.slug},
        )
    return environment
