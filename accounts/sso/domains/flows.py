"""Mail domains: claimed by an organisation, proved by a DNS record or by a superuser with a reason."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.domains import names
from accounts.sso.domains.names import DomainRefusedError, Flaw
from accounts.sso.domains.resolver import Failure, LookUpError, Resolver
from accounts.sso.models import MailDomain
from accounts.sso.notices import record_change

RECORD_PREFIX = "assetmaps-verificatie="


class Outcome(Enum):
    ADDED = auto()
    EXISTS = auto()  # this organisation has it in its list already
    NOT_A_DOMAIN = auto()
    PUBLIC = auto()  # anybody can have an address there
    TOO_MANY = auto()
    PROVED = auto()
    PROVED_BEFORE = auto()
    TAKEN = auto()  # proved by another organisation; whoever asks is not told by which
    ABSENT = auto()
    OTHER_TEXT = auto()  # there are texts, and ours is not among them
    DNS_FAILED = auto()
    DNS_SLOW = auto()
    WAIT = auto()  # asked too often
    NOT_ALLOWED = auto()
    REMOVED = auto()
    GONE = auto()  # somebody else removed it meanwhile


OF_FLAW = {Flaw.NOT_A_DOMAIN: Outcome.NOT_A_DOMAIN, Flaw.PUBLIC: Outcome.PUBLIC}
OF_FAILURE = {
    Failure.ABSENT: Outcome.ABSENT,
    Failure.SERVER: Outcome.DNS_FAILED,
    Failure.TIMEOUT: Outcome.DNS_SLOW,
    Failure.TOO_MUCH: Outcome.OTHER_TEXT,
}


def record_name(domain: MailDomain) -> str:
    return f"_assetmaps.{domain.domain}"


def record_text(domain: MailDomain) -> str:
    return RECORD_PREFIX + domain.token


def _is_taken(domain: str, organisation: Organisation) -> bool:
    others = MailDomain.objects.exclude(organisation=organisation)
    return others.filter(domain=domain, proved_at__isnull=False).exists()


@transaction.atomic
def add(organisation: Organisation, typed: str, *, actor: User, origin: Origin) -> Outcome:
    """Put a domain in the organisation's list. It means nothing until it is proved."""
    try:
        name = names.normalise(typed)
    except DomainRefusedError as refused:
        return OF_FLAW[refused.flaw]
    organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
    mine = MailDomain.objects.filter(organisation=organisation)
    if mine.filter(domain=name).exists():
        return Outcome.EXISTS
    if _is_taken(name, organisation):
        return Outcome.TAKEN
    if mine.count() >= limits.MAIL_DOMAINS:
        return Outcome.TOO_MANY
    mine.create(organisation=organisation, domain=name, token=secrets.token_hex(limits.DOMAIN_TOKEN_BYTES))
    _record_change(Event.DOMAIN_ADDED, organisation, name, actor, origin)
    return Outcome.ADDED


def check(domain: MailDomain, resolver: Resolver, *, actor: User, origin: Origin) -> Outcome:
    """Look for the DNS record now. The look-up is outside of the transaction: it may take seconds."""
    if domain.proved_at:
        return Outcome.PROVED_BEFORE
    subject = str(domain.organisation_id)
    if not rate_limits.consume("sso-check", subject, limit=limits.SSO_CHECKS, period=limits.SSO_CHECKS_PERIOD):
        return Outcome.WAIT
    try:
        texts = resolver.texts(record_name(domain))
    except LookUpError as failed:
        return OF_FAILURE[failed.failure]
    # Some DNS pages put the quotation marks that people paste into the text itself, and some write it in capitals.
    if record_text(domain).lower() not in [text.strip().strip('"“”').strip().lower() for text in texts]:
        return Outcome.OTHER_TEXT
    return _prove(domain, actor=actor, origin=origin, reason="")


def prove_with_reason(domain: MailDomain, reason: str, *, actor: User, origin: Origin) -> Outcome:
    """A superuser confirms the domain without a DNS record, with a reason."""
    if not (actor.is_active and actor.is_superuser):
        return Outcome.NOT_ALLOWED
    return _prove(domain, actor=actor, origin=origin, reason=reason)


@transaction.atomic
def _prove(domain: MailDomain, *, actor: User, origin: Origin, reason: str) -> Outcome:
    unproved = MailDomain.objects.filter(pk=domain.pk, token=domain.token, proved_at=None)
    try:
        with transaction.atomic():
            changed = unproved.update(proved_at=timezone.now(), proved_by=actor, reason=reason)
    except IntegrityError:  # the constraint: another organisation has proved it
        return Outcome.TAKEN
    if changed != 1:
        return Outcome.PROVED_BEFORE if MailDomain.objects.filter(pk=domain.pk).exists() else Outcome.GONE
    how = "a reason" if reason else "dns"
    _record_change(Event.DOMAIN_PROVED, domain.organisation, domain.domain, actor, origin, reason=reason, how=how)
    return Outcome.PROVED


@transaction.atomic
def remove(domain: MailDomain, *, actor: User, origin: Origin) -> Outcome:
    """Take it from the list: from now on nobody is found by it."""
    if not MailDomain.objects.filter(pk=domain.pk).delete()[0]:
        return Outcome.GONE
    _record_change(Event.DOMAIN_REMOVED, domain.organisation, domain.domain, actor, origin)
    return Outcome.REMOVED


def _record_change(
    event: Event, organisation: Organisation, name: str, actor: User, origin: Origin, *, reason: str = "", how: str = ""
) -> None:
    detail: dict[str, str | int] = {"domain": name}
    if how:
        detail["by"] = how
    record_change(event, organisation, actor=actor, origin=origin, reason=reason, detail=detail)


@dataclass(frozen=True)
class DisplayedDomain:
    """A domain as the pages show it; ``text`` and ``place``: the DNS record to make."""

    domain: MailDomain
    name: str
    place: str
    text: str


def for_display(domains: Iterable[MailDomain]) -> list[DisplayedDomain]:
    return [
        DisplayedDomain(domain, names.readable(domain.domain), record_name(domain), record_text(domain))
        for domain in sorted(domains, key=lambda one: one.domain)
    ]
