"""Passwords: mailed links and invitations, setting a password by a link, changing it, setting it by a command."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from enum import Enum, auto
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts import limits, rate_limits
from accounts.active_sessions import flows as sessions
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record, record_many
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import memberships, rank, scope, sign_in_policy
from accounts.passwords import inviter, links, mail_quota
from accounts.passwords.links import Purpose
from accounts.passwords.mail_quota import MailLimit
from accounts.throttling import flows as throttling
from accounts.throttling import known_browsers


class LinkKind(Enum):
    """What a mail about a password leads to."""

    LINK = auto()
    BUSINESS_ACCOUNT_ONLY = auto()  # the organisation takes nothing else
    SECOND_FACTOR_AT_PROVIDER = auto()


def send_reset_link(typed_address: str, origin: Origin) -> None:
    """Mail a link to set a new password. An unknown address takes the same work, so that nothing tells (ASVS 6.3.8).

    Beyond the quota there is no mail and no new link, so that earlier links keep working; that is recorded, once an
    hour with a count. Who has an open invitation gets that anew, and the earlier mail works as well. Where the
    organisation takes the business account only, or the second factor is at its provider, the mail says so and has no
    link.
    """
    _send_link_to(typed_address.strip().lower(), origin, invited_within=limits.INVITATION_LINK)


def renew_invitation(token: str, origin: Origin) -> None:
    """Mail a fresh invitation to the address of the account that this one was for, whatever became of it since.

    As `send_reset_link` in all else: no answer tells whether the account is still invited, the same quotas count, and
    who has a password by now gets a link to set another. An administrator's invitation of the last
    `limits.INVITATION_RENEWAL` must exist. For another token nothing is done.
    """
    if address := links.address_to_renew(token):
        _send_link_to(address.lower(), origin, invited_within=limits.INVITATION_RENEWAL)


def _send_link_to(address: str, origin: Origin, *, invited_within: timedelta) -> None:
    limit_reached = mail_quota.check(address, origin)
    within = limit_reached is MailLimit.WITHIN
    with transaction.atomic():
        # Locked: of two requests at once, both would otherwise number their link the same, and neither would work.
        people = User.objects.select_for_update(of=("self",)).select_related("membership__organisation__connection")
        people = people.annotate(is_linked=sign_in_policy.linked_to_provider())
        user = people.filter(email__lower=address, is_active=True).first()
        is_invited = _is_invited(user, invited_within)
        purpose = Purpose.INVITATION if is_invited else Purpose.RESET
        _issue_link(user if within else None, purpose, kind=_link_kind_of(user), voids_earlier=not is_invited)
        if within:
            record(Event.PASSWORD_LINK_SENT, subject=user, origin=origin, succeeded=user is not None)
        else:
            mail_quota.record_refused(limit_reached, user, address, origin)


def _is_invited(user: User | None, within: timedelta) -> bool:
    """Somebody who has an invitation gets that once more: another link would live an hour only, and bind no business
    account. The same statement for everybody."""
    since = timezone.now() - within
    invited = AuditEntry.objects.filter(subject=user.pk if user else 0, event=Event.INVITED, at__gt=since).exists()
    return invited and user is not None and user.last_login is None and not user.has_usable_password()


@transaction.atomic
def invite(
    user: User,
    *,
    actor: User | None,
    origin: Origin,
    in_bulk: bool = False,
    on_outcome: sending.OutcomeCallback | None = None,
) -> bool:
    """Mail a new person the link with which to choose the first password; nobody types one for another (ASVS 6.4.1).

    ``in_bulk``: one of many, which every other mail may overtake. False for who has an address that another
    organisation proved since, with which nobody is invited, and for who got so many that no more are sent for now: a
    mailbox is not filled by pressing a button.
    """
    if memberships.is_foreign(user.email, scope.organisation_id_of(user)):
        return False
    limit, period = limits.INVITATION_MAILS, limits.INVITATION_MAILS_PERIOD
    if not rate_limits.consume("invitation-mails-to", user.email.lower(), limit=limit, period=period):
        return False
    is_there = sign_in_policy.has_second_factor_at_provider(user) and rank.organisation_decides_over(user)
    kind = LinkKind.SECOND_FACTOR_AT_PROVIDER if is_there else LinkKind.LINK
    _issue_link(user, Purpose.INVITATION, kind=kind, actor=actor, in_bulk=in_bulk, on_outcome=on_outcome)
    record(Event.INVITED, subject=user, actor=actor, origin=origin)
    return True


@transaction.atomic(savepoint=False)
def invite_many(
    users: Collection[User], *, actor: User | None, origin: Origin, callbacks: Sequence[sending.OutcomeCallback] = ()
) -> None:
    """`invite` for several people who were stored in this transaction. ``callbacks``: one for each person, or none."""
    _count_links(users, Purpose.INVITATION)
    for user, on_outcome in zip_longest(users, callbacks):
        _send_link(user, Purpose.INVITATION, actor=actor, in_bulk=True, on_outcome=on_outcome)
    record_many(Event.INVITED, [(user, {}) for user in users], actor=actor, origin=origin)


def _issue_link(
    user: User | None,
    purpose: Purpose,
    *,
    kind: LinkKind,
    actor: User | None = None,
    voids_earlier: bool = True,
    in_bulk: bool = False,
    on_outcome: sending.OutcomeCallback | None = None,
) -> None:
    """Without a user everything but the sending is done, so that the time does not reveal it."""
    someone = user or User(pk=0, email="nobody@localhost")
    _count_links([someone], purpose, by=int(voids_earlier))
    deliver = user is not None
    _send_link(someone, purpose, kind=kind, actor=actor, deliver=deliver, in_bulk=in_bulk, on_outcome=on_outcome)


def _count_links(users: Collection[User], purpose: Purpose, by: int = 1) -> None:
    counter = purpose.counter
    User.objects.filter(pk__in=[user.pk for user in users]).update(**{counter: F(counter) + by})
    for user in users:
        setattr(user, counter, getattr(user, counter) + by)


def _send_link(
    user: User,
    purpose: Purpose,
    *,
    kind: LinkKind = LinkKind.LINK,
    actor: User | None = None,
    deliver: bool = True,
    in_bulk: bool = False,
    on_outcome: sending.OutcomeCallback | None = None,
) -> None:
    address = settings.PUBLIC_URL + reverse("set_password", args=[links.make(user, purpose)])
    template = "password_link" if purpose is Purpose.RESET else "invitation"
    if kind is not LinkKind.LINK and user.pk:
        template, address = "password_void", _provider_page_of(user)
    if user.links_withheld:
        template, address = "link_withheld", ""
    context: dict[str, Any] = {
        "is_demanded": kind is LinkKind.BUSINESS_ACCOUNT_ONLY,
        "was_asked": purpose is Purpose.RESET,
    }
    context |= {"address": address, "minutes": purpose.minutes, "days": purpose.days}
    if template == "invitation":
        context |= inviter.named(user, actor)
    life = purpose.lifetime if address else None
    sending.send(template, user, deliver=deliver, in_bulk=in_bulk, valid_for=life, on_outcome=on_outcome, **context)


def _link_kind_of(user: User | None) -> LinkKind:
    """Read together with the person: one more SQL statement would reveal, by its time, that the address is known."""
    if user is None:
        return LinkKind.LINK
    if sign_in_policy.must_use_business_account(user):
        return LinkKind.BUSINESS_ACCOUNT_ONLY
    is_there = getattr(user, "is_linked", False) and rank.organisation_decides_over(user)
    return LinkKind.SECOND_FACTOR_AT_PROVIDER if is_there else LinkKind.LINK


def _provider_page_of(user: User) -> str:
    return settings.PUBLIC_URL + reverse("sso_entry", args=[user.membership.organisation.slug])


def set_from_link(token: str, new_password: str, origin: Origin) -> User | None:
    """Set the password and end every session; None when the link is no longer good. Does not sign in (ASVS 6.3.6)."""
    return _set_from_link(token, make_password(new_password), origin)  # hashed before anything is locked


@transaction.atomic
def _set_from_link(token: str, encoded: str, origin: Origin) -> User | None:
    holder = links.holder(token)
    # Locked and asked again: of two parallel uses of one link, the second finds another password.
    user = User.objects.select_for_update().get(pk=holder.pk) if holder else None
    if user is None or links.holder(token) is None or sign_in_policy.needs_no_password(user):
        return None
    is_first = user.last_login is None and not user.has_usable_password()
    _set(user, encoded, origin, way="mailed link", **({"first": "yes"} if is_first else {}))
    sessions.end_all(user)
    # A cookie of a browser in which somebody signed in with the password of before.
    known_browsers.forget_all(user)
    throttling.reset_after_new_password(user)
    return user


def change(user: User, new_password: str, origin: Origin) -> bool:
    """Change the own password; False when that was done too often just now. The view keeps this browser's session and
    ends the others.

    Limited, because each change makes a mailed link void: whoever stole the password would keep the owner from setting
    another one.
    """
    period = limits.PASSWORD_CHANGES_PERIOD
    if not rate_limits.consume("password-changes", str(user.pk), limit=limits.PASSWORD_CHANGES, period=period):
        return False
    _set(user, make_password(new_password), origin, way="old password")
    return True


def await_invitation(user: User) -> None:
    """Make the account invitable again. For a person without a linked business account, in an organisation that accepts
    nothing else: only an invitation lets them link one, and only people who never signed in are invited."""
    user.set_unusable_password()
    user.last_login = None
    user.save(update_fields=["password", "last_login"])


def set_on_server(user: User, new_password: str, origin: Origin) -> None:
    """Set the password of somebody by a command, and end every session; the person hears of it by mail."""
    encoded = make_password(new_password)
    with transaction.atomic():
        _set(user, encoded, origin, way="command")
        sessions.end_all(user)
        known_browsers.forget_all(user)
        throttling.reset_after_new_password(user)


@transaction.atomic
def void_on_server(user: User, origin: Origin) -> None:
    """No password opens the account until the person chooses one by "Wachtwoord vergeten?", of which a mail tells."""
    _set(user, make_password(None), origin, way="command")
    sessions.end_all(user)


@transaction.atomic
def _set(user: User, encoded: str, origin: Origin, **detail: str | int) -> None:
    user.password = encoded
    user.save(update_fields=["password"])
    record(Event.PASSWORD_CHANGED, subject=user, origin=origin, detail=detail)
