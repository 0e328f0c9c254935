"""The connection of an organisation to its provider: finding it, and noting success and failure."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import encryption, limits
from accounts.models import User
from accounts.organisations.memberships import domain_of
from accounts.sso.models import ClientProof, Connection, MailDomain
from accounts.sso.provider import http
from accounts.sso.provider.client import Client
from accounts.sso.refusal_reasons import Reason, RefusedError

log = logging.getLogger(__name__)


def enabled(slug: str) -> Connection | None:
    """The switched-on connection of the organisation with this short name."""
    return _enabled().filter(organisation__slug=slug).first()


def of_slug(slug: str) -> Connection | None:
    """The same, switched on or not: an administrator tests it first."""
    return Connection.objects.filter(organisation__slug=slug).select_related("organisation").first()


def of_person(user: User) -> Connection | None:
    """The switched-on connection of the organisation that this person belongs to."""
    return _enabled().filter(organisation__memberships__user=user).first()


def of_address(address: str) -> Connection | None:
    """The switched-on connection of the organisation that proved the domain of this address."""
    domain = domain_of(address)
    proved = MailDomain.objects.filter(domain=domain, proved_at__isnull=False)
    return _enabled().filter(organisation__mail_domains__in=proved).first() if domain else None


def _enabled() -> QuerySet[Connection]:
    return Connection.objects.filter(enabled=True).select_related("organisation")


def is_proved(connection: Connection, address: str) -> bool:
    """Is the address in a mail domain that this organisation proved?"""
    mine = MailDomain.objects.filter(organisation_id=connection.organisation_id, proved_at__isnull=False)
    domain = domain_of(address)
    return bool(domain) and mine.filter(domain=domain).exists()


def client_of(connection: Connection, *, with_proof: bool = False, despite_failure: bool = False) -> Client:
    """The portal as a client of this provider. ``with_proof``: with its secret or key, to exchange a code. Raises
    RefusedError."""
    redirect_uri = settings.PUBLIC_URL + reverse("sso_callback", args=[connection.organisation.slug])
    inquiry = http.inquiry(connection.issuer, despite_failure=despite_failure)
    if not with_proof:
        return Client(inquiry, connection.client_id, redirect_uri)
    by_key = connection.client_proof == ClientProof.KEY_PAIR
    try:
        secret, private_key = ("", connection.private_key()) if by_key else (connection.secret(), b"")
    except encryption.SecretUnreadableError:
        raise RefusedError(Reason.UNREADABLE) from None
    if not secret and not private_key:
        raise RefusedError(Reason.OUR_SECRET)
    return Client(inquiry, connection.client_id, redirect_uri, secret, private_key, connection.key_id)


def note_success(connection: Connection) -> None:
    now = timezone.now()
    long_ago = Q(worked_at=None) | Q(worked_at__lt=now - limits.SSO_WORKED_EVERY)
    Connection.objects.filter(long_ago, pk=connection.pk).update(worked_at=now)


def note_failure(connection: Connection, reason: Reason, purpose: str, *, by_anybody: bool = False) -> None:
    """Log the reason; store it for the set-up page too when the fault is the provider's.

    ``by_anybody``: any visitor can cause it, so it says nothing about the provider.
    """
    level = logging.ERROR if reason is Reason.UNREADABLE else logging.WARNING
    log.log(level, "business account of %s, %s refused: %s", connection.organisation.slug, purpose, reason.value)
    if reason.is_of_provider and not by_anybody:
        Connection.objects.filter(pk=connection.pk).update(failed_at=timezone.now(), failure=reason.value)
