""" "Telefoon kwijt?": a request that the person makes after the right password and reads out to support."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail import sending
from accounts.models import User
from accounts.support import cancellation
from accounts.support.models import HelpRequest

SALT = "accounts.support.help_requests"


def open_request(user: User) -> HelpRequest | None:
    since = timezone.now() - limits.LOST_PHONE_REQUEST
    return HelpRequest.objects.filter(user=user, cancelled_at=None, asked_at__gt=since).first()


@transaction.atomic
def ask(user: User, origin: Origin) -> HelpRequest:
    """The open request of this person, or a new one; the mail about it has a link to cancel it."""
    User.objects.select_for_update().get(pk=user.pk)
    if found := open_request(user):
        return found
    request = HelpRequest.objects.create(user=user, address=origin.address)
    record(Event.HELP_ASKED, subject=user, origin=origin, detail={"reference": request.reference})
    address = settings.PUBLIC_URL + reverse("help_cancel", args=[signing.dumps(request.pk, salt=SALT)])
    sending.send("help_asked", user, address=address, reference=request.reference, at=timezone.localtime())
    return request


def cancellable(token: str) -> HelpRequest | None:
    try:
        pk = signing.loads(token, salt=SALT, max_age=limits.NOT_ME_LINK)
    except signing.BadSignature:
        return None
    return HelpRequest.objects.filter(pk=pk, cancelled_at=None).select_related("user").first()


@transaction.atomic
def cancel(token: str, origin: Origin) -> bool:
    request = cancellable(token)
    if request is None or not cancellation.cancel_request(request, origin):
        return False
    cancellation.cancel_everything(request.user, origin)  # help is no longer needed, or an attacker asked for it
    return True


def purge() -> int:
    """Delete requests older than `limits.LOST_PHONE_REQUEST_KEPT`; the audit trail keeps them. Returns the number."""
    return HelpRequest.objects.filter(asked_at__lt=timezone.now() - limits.LOST_PHONE_REQUEST_KEPT).delete()[0]
