"""Business accounts: identified by organisation, issuer and subject, never by address (ASVS 6.8.1, 10.5.2).

Every function runs in the caller's transaction and returns a reason instead of raising.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import limits
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.organisations import memberships, scope
from accounts.sso import connections
from accounts.sso.models import Connection, Identity
from accounts.sso.provider.client import is_google
from accounts.sso.provider.tokens import Claims, IdToken
from accounts.sso.refusal_reasons import Reason
from accounts.unicode_text import without_control_characters

LONGEST_NAME = 150


def find(connection: Connection, subject: str) -> Identity | None:
    people = Identity.objects.select_related("user__membership__organisation")
    return people.filter(organisation_id=connection.organisation_id, issuer=connection.issuer, subject=subject).first()


def is_of_organisation(connection: Connection, claims: Claims) -> bool:
    """Google is one issuer for every account in the world; only the claim ``hd`` tells whose Workspace an account is of
    (https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload)."""
    if not is_google(connection.issuer):
        return True
    hosted = claims.get("hd")
    if not isinstance(hosted, str) or "@" in hosted:
        return False
    return connections.is_proved(connection, f"somebody@{hosted}")


def is_linked(connection: Connection, user: User) -> bool:
    """Has this person a business account at this provider?"""
    mine = Identity.objects.filter(user=user, organisation_id=connection.organisation_id)
    return mine.filter(issuer=connection.issuer).exists()


def find_or_provision(connection: Connection, token: IdToken, origin: Origin) -> User | Reason:
    """Whose business account this is; provisioned at the first sign-in when the organisation wants that."""
    identity = find(connection, token.subject)
    if identity is None:
        return _provision(connection, token, origin) if connection.make_on_arrival else Reason.UNKNOWN_PERSON
    return refusal_for(connection, identity.user) or _mark_used(identity)


def _mark_used(identity: Identity) -> User:
    Identity.objects.filter(pk=identity.pk).update(last_used_at=timezone.now())
    return identity.user


def refusal_for(connection: Connection, user: User) -> Reason | None:
    """Why this account is refused, or None. The provider of a former organisation does not count."""
    if not user.is_active:
        return Reason.INACTIVE
    if scope.organisation_id_of(user) != connection.organisation_id:
        return Reason.OTHER_ORGANISATION
    return None


def link(connection: Connection, user: User, token: IdToken, origin: Origin, *, way: str) -> User | Reason:
    """Link the business account to this person. ``way``: the purpose, for the audit entry."""
    if refusal := refusal_for(connection, user):
        return refusal
    if known := find(connection, token.subject):
        return _mark_used(known) if known.user_id == user.pk else Reason.LINKED_ALREADY
    try:
        with transaction.atomic():
            _create_identity(connection, user, token)
    except IntegrityError:
        return Reason.LINKED_ALREADY  # to another person, or this person has another one at this provider
    record(Event.SSO_LINKED, subject=user, origin=origin, detail={"way": way, "issuer": connection.issuer})
    return user


def unlink(user: User, issuer: str) -> int:
    """Delete the person's business accounts at this provider. Returns how many there were."""
    return Identity.objects.filter(user=user, issuer=issuer).delete()[0]


def _create_identity(connection: Connection, user: User, token: IdToken) -> None:
    Identity.objects.create(
        organisation_id=connection.organisation_id,
        issuer=connection.issuer,
        subject=token.subject,
        user=user,
        last_used_at=timezone.now(),
    )


def _provision(connection: Connection, token: IdToken, origin: Origin) -> User | Reason:
    """A new person with name and address from the claims, and access to the agreed environments only."""
    user = _new_person(token.claims)
    if refusal := _email_refusal(connection, user, token.claims):
        return _provisioned_in_parallel(connection, token) or refusal
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            memberships.join([user], connection.organisation)
            _create_identity(connection, user, token)
    except IntegrityError:
        return _provisioned_in_parallel(connection, token) or Reason.ADDRESS_TAKEN
    give_access = import_string(settings.SSO_ON_ARRIVAL)
    given = give_access(user, connection.organisation, groups_of(connection, token.claims), origin)
    record(Event.SSO_ARRIVED, subject=user, origin=origin, detail={"environments": given})
    return user


def _provisioned_in_parallel(connection: Connection, token: IdToken) -> User | Reason | None:
    """A parallel request created the same person; None when the address is somebody else's."""
    known = find(connection, token.subject)
    return (refusal_for(connection, known.user) or known.user) if known else None


def _new_person(claims: Claims) -> User:
    first, last = (_name(claims, key) for key in ("given_name", "family_name"))
    user = User(email=email_of(claims), first_name=first or (_name(claims, "name") if not last else ""), last_name=last)
    user.set_unusable_password()
    return user


def email_of(claims: Claims) -> str:
    """The e-mail address in the claims; empty without one."""
    values = (claims.get(name) for name in ("email", "preferred_username"))
    return next((text.strip() for text in values if isinstance(text, str) and "@" in text), "")


def _name(claims: Claims, key: str) -> str:
    value = claims.get(key)
    return without_control_characters(value).strip()[:LONGEST_NAME] if isinstance(value, str) else ""


def _email_refusal(connection: Connection, user: User, claims: Claims) -> Reason | None:
    """Why the address is refused, or None. Only proved domains: otherwise a provider could claim the addresses of
    another organisation."""
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError:
        return Reason.ADDRESS_MISSING
    if user.email.count("@") != 1:
        return Reason.ADDRESS_MISSING  # a quoted local part may hold a second @, and reads as another domain
    if claims.get("email_verified") in (False, "false"):
        return Reason.ADDRESS_UNVERIFIED
    if not connections.is_proved(connection, user.email):
        return Reason.ADDRESS_FOREIGN
    taken = User.objects.filter(email__lower=user.email.lower()).exists()
    return Reason.ADDRESS_TAKEN if taken else None


def groups_of(connection: Connection, claims: Claims) -> list[str]:
    """The values of the claim that the organisation uses for groups or roles."""
    found = claims.get(connection.group_claim) if connection.group_claim else None
    named = [value for value in found if isinstance(value, str)] if isinstance(found, list) else []
    # PostgreSQL refuses a NUL character, also in a comparison.
    return [value for value in named if chr(0) not in value][: limits.SSO_GROUPS]
