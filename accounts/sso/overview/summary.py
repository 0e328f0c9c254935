"""Whether organisations use the business account, for the first page of the administration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.organisations.models import Organisation
from accounts.sso.models import Connection
from accounts.sso.setup import readiness


@dataclass(frozen=True)
class State:
    """``since``: when it was switched on last; None while it is off, or when that is not known."""

    organisation: Organisation
    connection: Connection | None
    since: datetime | None

    @property
    def is_on(self) -> bool:
        return self.connection is not None and self.connection.enabled

    @property
    def fails(self) -> bool:
        """Did the newest sign-in through the provider fail for a reason on our side or theirs?"""
        one = self.connection
        if one is None or not one.enabled or one.failed_at is None:
            return False
        return one.worked_at is None or one.worked_at < one.failed_at

    @property
    def days_left(self) -> int | None:
        """Days until the secret or certificate expires, when that is soon; negative after that day."""
        return readiness.days_left(self.connection) if readiness.expires_soon(self.connection) else None


def of(organisations: Sequence[Organisation]) -> list[State]:
    """For a few organisations, in two queries."""
    connections = {one.organisation_id: one for one in Connection.objects.filter(organisation__in=organisations)}
    enabled = [key for key, one in connections.items() if one.enabled]
    switched_on = AuditEntry.objects.filter(event=Event.SSO_SWITCHED_ON, succeeded=True, organisation_id__in=enabled)
    newest = switched_on.order_by().values_list("organisation_id").annotate(at=Max("at")) if enabled else ()
    since = dict(newest)
    return [State(one, connections.get(one.pk), since.get(one.pk)) for one in organisations]
