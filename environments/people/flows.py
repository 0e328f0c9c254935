"""What an administrator does to a person: add, change, move, invite again, deactivate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum, auto

from django.db import transaction
from django.db.models import Q

from accounts import flows as accounts
from accounts.active_sessions import flows as sessions
from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.mail.sending import OutcomeCallback
from accounts.models import User
from accounts.organisations import memberships, scope, sign_in_policy
from accounts.organisations.models import Membership, Organisation
from accounts.passwords import flows as passwords
from accounts.permissions import flows as ranks
from accounts.permissions.flows import Rights
from accounts.support import flows as support
from accounts.support.models import Intervention
from environments import flows as access
from environments.flows import NO_ROLES
from environments.models import Environment, Role

MAY_INVITE = "accounts.add_user"
MAY_CHANGE = "accounts.change_user"
MAY_GIVE = "environments.add_access"
MAY_TAKE = "environments.delete_access"
# Never signed in and no password: the invitation was never used.
NEVER_SIGNED_IN = Q(last_login=None, password__startswith="!")  # noqa: S106 - what Django puts there instead of a hash


class Refusal(Enum):
    ONESELF = auto()  # nobody deactivates themselves
    LAST_SUPERUSER = auto()  # somebody must be able to give rights
    EMERGENCY_ACCOUNT = auto()  # of an organisation that takes the business account only: the last way in


@transaction.atomic(savepoint=False)
def add(
    people: Collection[tuple[User, Iterable[Environment]]],
    organisation: Organisation | None,
    *,
    actor: User,
    origin: Origin,
    roles: Mapping[str, Role] = NO_ROLES,
    callbacks: Sequence[OutcomeCallback] = (),
) -> None:
    """Store new people without a password, give them access, and mail the invitations; all or none. Raises
    ForeignAddressError.

    ``roles``: in their environments, by address in lower case. ``callbacks``: for the outcome of each invitation.
    """
    users = [user for user, _environments in people]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users)
    if organisation is not None:
        memberships.join(users, organisation)
    access.give_many(people, actor=actor, origin=origin, roles=roles)
    passwords.invite_many(users, actor=actor, origin=origin, callbacks=callbacks)


def lock_person(user_id: int) -> None:
    """Lock the person, and for a superuser all superusers, in the order in which `refusal` locks them, so that two who
    change each other do not deadlock. Call inside the transaction that changes the person."""
    people = User.objects.filter(pk=user_id)
    if people.filter(is_superuser=True, is_active=True).exists():
        people = User.objects.filter(Q(pk=user_id) | Q(is_superuser=True, is_active=True))
    list(people.select_for_update().order_by("pk").values_list("pk"))


def refusal(before: User, *, is_active: bool, is_superuser: bool, actor: User, moves: bool = False) -> Refusal | None:
    """Why this change is not allowed, or None. Call inside the transaction that stores it: it locks the superusers, so
    that of two who demote each other in parallel one remains."""
    if before.pk == actor.pk and before.is_active and not is_active:
        return Refusal.ONESELF
    if ((before.is_active and not is_active) or moves) and sign_in_policy.is_needed_emergency_account(before):
        return Refusal.EMERGENCY_ACCOUNT
    if not before.is_superuser or (is_active and is_superuser):
        return None
    superusers = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    others = [one.pk for one in superusers if one.pk != before.pk]
    return None if others or not before.is_active else Refusal.LAST_SUPERUSER


def as_stored(user: User, changed: Collection[str]) -> User:
    """The person as stored now, locked. Fields that the administrator did not change are copied to ``user``: otherwise
    saving would restore permissions that somebody else removes in parallel. Call inside a transaction."""
    stored = User.objects.select_for_update().get(pk=user.pk)
    for name in set(accounts.EDITABLE) - set(changed):
        setattr(user, name, getattr(stored, name))
    return stored


@transaction.atomic
def change(
    user: User, *, rights_before: Rights, rights: Rights, belongs_to: int | None, actor: User, origin: Origin
) -> Intervention | None:
    """Store and record what an administrator changed. Returns the intervention that a new address waits for, when it
    was not stored.

    ``belongs_to``: the organisation in which the address will be used, if any. Raises PermissionError when this
    administrator may not change the address, ForeignAddressError for one of another organisation's mail domain.
    """
    before = User.objects.select_for_update().get(pk=user.pk)
    if user.email != before.email and not scope.may_manage_sign_in(actor, before):
        raise PermissionError("the address of somebody who can open environments of another organisation")
    if user.email != before.email:
        memberships.refuse_foreign([user.email], belongs_to)
    held = accounts.change_person(user, before=before, actor=actor, origin=origin)
    ranks.change(user, before=rights_before, after=rights, actor=actor, origin=origin)
    return held


@transaction.atomic
def set_environments(
    user: User, *, offered: Collection[Environment], wanted: Iterable[Environment], actor: User, origin: Origin
) -> None:
    """Of the environments that the worker could choose from, give access to the wanted ones and remove the others."""
    chosen = {environment.pk for environment in wanted}
    given = [one for one in offered if one.pk in chosen]
    taken = [one for one in offered if one.pk not in chosen]
    access.change_access(user, given=given, taken=taken, actor=actor, origin=origin)


@transaction.atomic
def move(user: User, organisation: Organisation | None, *, actor: User, origin: Origin) -> bool:
    """Put the person in another organisation, or in none; access that the earlier one gave ends. False when nothing
    changes. Raises ForeignAddressError, and PermissionError for an emergency account in use: ask `refusal` first."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    membership = Membership.objects.filter(user=user).select_related("organisation").first()
    before = membership.organisation if membership else None
    if before == organisation:
        return False
    if sign_in_policy.is_needed_emergency_account(user):
        raise PermissionError("the emergency account of an organisation that takes the business account only")
    if before is not None:
        _leave(user, before, actor, origin)
    if organisation is not None:
        _join(locked, organisation)
    _record_move(user, before, organisation, actor, origin)
    return True


def _leave(user: User, organisation: Organisation, actor: User, origin: Origin) -> None:
    lost = Environment.objects.filter(organisation=organisation, access__user=user).select_related("organisation")
    access.take(user, list(lost), actor=actor, origin=origin)
    memberships.leave(user)
    # Its provider's assurance is accepted nowhere else.
    sessions.end_provider_sessions(Q(user=user))


def _join(user: User, organisation: Organisation) -> None:
    memberships.join([user], organisation)
    moved = User.objects.select_related("membership__organisation").get(pk=user.pk)
    if sign_in_policy.must_use_business_account(moved):
        passwords.await_invitation(moved)


def _record_move(
    user: User, before: Organisation | None, after: Organisation | None, actor: User, origin: Origin
) -> None:
    """In the audit trail of both organisations."""
    names: dict[str, str | int] = {"before": before.name if before else "-", "after": after.name if after else "-"}
    for whose in filter(None, (before, after)):
        entry = record(
            Event.ORGANISATION_CHANGED, subject=user, actor=actor, origin=origin, organisation=whose, detail=names
        )
    ranks.moved(entry, user, actor=actor)  # there was one at least


def may_import(worker: User, organisation: Organisation) -> bool:
    if not (worker.is_active and worker.is_staff and worker.has_perm(MAY_INVITE)):
        return False
    return Organisation.objects.filter(scope.organisations(worker), pk=organisation.pk).exists()


def may_invite(worker: User, subject: User) -> bool:
    """May this worker send the invitation again? Only to people who never signed in: others request a link."""
    return (
        worker.has_perm(MAY_INVITE)
        and scope.may_manage_sign_in(worker, subject)
        and subject.is_active
        and subject.last_login is None
        and not subject.has_usable_password()
        and not support.outranks(subject, worker)
        and not memberships.is_foreign(subject.email, scope.organisation_id_of(subject))
    )


@transaction.atomic
def invite_again(
    user_id: int, *, actor: User, origin: Origin, in_bulk: bool = False, on_outcome: OutcomeCallback | None = None
) -> bool:
    """Mail a new invitation, which makes the earlier one void; False when this person should not get one."""
    # Locked: two parallel invitations would number their link the same, and neither would work.
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None or not may_invite(actor, user):
        return False
    return passwords.invite(user, actor=actor, origin=origin, in_bulk=in_bulk, on_outcome=on_outcome)


def invite_chosen_again(ids: Iterable[int], *, actor: User, origin: Origin) -> int:
    """`invite_again` for each of these; the number of mails."""
    return sum(invite_again(pk, actor=actor, origin=origin, in_bulk=True) for pk in ids)


@transaction.atomic
def deactivate(user_id: int, *, actor: User, origin: Origin) -> bool:
    """Deactivate the account and end its sessions; False for oneself, for people with more permissions, and when it was
    inactive already."""
    lock_person(user_id)  # serialises with making this the emergency account
    user = User.objects.filter(scope.people(actor), pk=user_id, is_active=True).first()
    if user is None or support.outranks(user, actor) or not actor.has_perm(MAY_CHANGE):
        return False
    if refusal(user, is_active=False, is_superuser=user.is_superuser, actor=actor):
        return False
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        return False  # somebody else was first
    ranks.deactivated(user, actor=actor, origin=origin, in_bulk=True)
    return True
