"""Cancelling what waits for approval: by the link in the mail, by a worker, or by a report "Dit was ik niet"."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.support.models import CallerCheck, HelpRequest, Intervention, State
from accounts.two_factor.account_recovery import flows as account_recovery

SALT = "accounts.support.cancelling"  # an earlier name, kept: mailed links must stay valid


def link(intervention: Intervention) -> str:
    """The URL for the mail. Valid for as long as the intervention can be carried out."""
    return settings.PUBLIC_URL + reverse("intervention_cancel", args=[signing.dumps(intervention.pk, salt=SALT)])


def cancellable(token: str) -> Intervention | None:
    """The intervention of a mailed link, if it still can be cancelled."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=limits.INTERVENTION_WAITS + limits.INTERVENTION_READY)
    except signing.BadSignature:
        return None
    found = Intervention.objects.filter(pk=pk, state__in=Intervention.OPEN).select_related("subject__membership")
    return found.first()


@transaction.atomic
def cancel(intervention: Intervention, origin: Origin, *, by: User | None = None, cause: str = "") -> bool:
    """False when it was cancelled or carried out before. ``by``: a worker; None is the person. ``cause``: one word, for
    an automatic cancellation."""
    fresh = Intervention.objects.filter(pk=intervention.pk, state__in=Intervention.OPEN)
    if fresh.update(state=State.CANCELLED, cancelled_at=timezone.now()) != 1:
        return False
    detail: dict[str, str | int] = {"receipt": intervention.receipt, "kind": intervention.kind}
    if cause:
        detail["cause"] = cause
    record(Event.INTERVENTION_CANCELLED, subject=intervention.subject, actor=by, origin=origin, detail=detail)
    return True


def _still_open() -> datetime:
    return timezone.now() - limits.LOST_PHONE_REQUEST


@transaction.atomic
def cancel_request(request: HelpRequest, origin: Origin) -> bool:
    """False when it was cancelled before."""
    if HelpRequest.objects.filter(pk=request.pk, cancelled_at=None).update(cancelled_at=timezone.now()) != 1:
        return False
    record(Event.HELP_CANCELLED, subject=request.user, origin=origin, detail={"reference": request.reference})
    return True


@transaction.atomic
def cancel_everything(user: User, origin: Origin) -> None:
    """The person disowned the request: cancel everything that support has begun."""
    for intervention in Intervention.objects.filter(subject=user, state__in=Intervention.OPEN):
        cancel(intervention, origin)
    for request in HelpRequest.objects.filter(user=user, cancelled_at=None, asked_at__gt=_still_open()):
        cancel_request(request, origin)
    account_recovery.withdraw_bridge_code(user)
    CallerCheck.objects.filter(subject=user).delete()
