"""Mail before a secret or certificate expires: once for each of `limits.SECRET_WARNINGS`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.organisations import sign_in_policy
from accounts.sso.models import Connection


def warn(origin: Origin) -> int:
    """Send what is due today. Returns how many organisations were warned. Parallel runs send no mail twice."""
    last_day = timezone.localdate() + max(limits.SECRET_WARNINGS)
    due = Connection.objects.filter(enabled=True, secret_expires_on__lte=last_day)
    return sum(_warn(connection.pk, origin) for connection in due.order_by("pk"))


@transaction.atomic
def _warn(pk: int, origin: Origin) -> bool:
    connection = Connection.objects.select_related("organisation").filter(pk=pk, enabled=True).first()
    if connection is None or connection.secret_expires_on is None:
        return False
    left = connection.secret_expires_on - timezone.localdate()
    step = _due_warning(left)
    if step is None or not _mark_warned(connection, step):
        return False
    people = sign_in_policy.recipients(connection.organisation)
    page = settings.PUBLIC_URL + reverse("sso_setup", args=[connection.organisation.slug])
    facts: dict[str, Any] = {"organisation": connection.organisation.name, "page": page}
    facts["last_day"] = connection.secret_expires_on
    for person in people:
        sending.send("sso_secret_expires", person, **facts)
    detail: dict[str, str | int] = {"days": left.days, "mails": len(people)}
    record(Event.SSO_EXPIRY_WARNED, subject=None, organisation=connection.organisation, origin=origin, detail=detail)
    return True


def _due_warning(left: timedelta) -> int | None:
    """The latest warning that is due, in days before the expiry; after a missed run it is sent later, once."""
    return min((moment.days for moment in limits.SECRET_WARNINGS if left <= moment), default=None)


def _mark_warned(connection: Connection, step: int) -> bool:
    """True in the one run that sends this warning for this date."""
    not_yet = Q(warned_days=None) | Q(warned_days__gt=step)
    same = Connection.objects.filter(not_yet, pk=connection.pk, secret_expires_on=connection.secret_expires_on)
    return same.update(warned_days=step) == 1
