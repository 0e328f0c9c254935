"""For whom the provider of an organisation vouches, as conditions on people: for counts, lists and mails.

`accounts.policy` judges one session at a time; these conditions say the same of everybody at once
(`tests/accounts/mfa_policy/test_passkey_coverage.py` compares them).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import F, Q

from accounts.models import User
from accounts.organisations import rank
from accounts.organisations.models import Organisation, SecondStep

OURS, AGREEMENT = "ours", "agreement"  # of the connection: nobody vouches; the organisation does, without a claim


class VouchedFor(NamedTuple):
    """``enough``: when they sign in at the provider, nothing more is asked of them (`policy.is_enough`); ``only``: and
    they can sign in nowhere else."""

    enough: Q
    only: Q


def at_provider_of(organisation: Organisation) -> Q:
    """Which members have a business account at the provider, which is enough for them as long as they are not staff.
    The database looks once which of them have an account there, and not once a person.

    Not the emergency account, which is for when the provider fails. Nor people who can open environments of another
    organisation: for them the provider is one factor at most (`rank.organisation_decides_over`).
    """
    connection = _vouching_connection(organisation)
    if connection is None:
        return _nobody()
    # By the relation's name: the package of single sign-on is in a higher layer.
    accounts: Any = User._meta.get_field("identities").related_model
    there = accounts.objects.filter(organisation=organisation, issuer=connection.issuer).values("user")
    return Q(pk__in=there) & _decided_over(organisation, connection)


def vouched_for(organisation: Organisation) -> VouchedFor:
    """The members for whom the provider is enough, also staff, and people without a business account who must have one.
    To be combined with ``~Q(pk__in=rank.outranking_members(organisation))``."""
    connection = _vouching_connection(organisation)
    if connection is None:
        return VouchedFor(_nobody(), _nobody())
    believed = Q(is_staff=False) if connection.vouching == AGREEMENT else Q()
    if organisation.second_step != SecondStep.BUSINESS_ACCOUNT:
        return VouchedFor(at_provider_of(organisation) & believed, _nobody())
    all_of_them = _decided_over(organisation, connection) & believed
    return VouchedFor(all_of_them, all_of_them)


def staff_vouched_for() -> VouchedFor:
    """The same of the staff of all organisations together. Some queries for each organisation whose provider proves a
    second factor of staff: they are few, and work for one organisation each."""
    staff = User.objects.filter(is_active=True, is_staff=True).order_by()
    proving = Organisation.objects.filter(memberships__user__in=staff, connection__enabled=True).order_by()
    enough: set[int] = set()
    only: set[int] = set()
    for organisation in proving.exclude(connection__vouching__in=(OURS, AGREEMENT)).distinct():
        found = vouched_for(organisation)
        theirs = staff.filter(membership__organisation=organisation)
        theirs = theirs.exclude(pk__in=rank.outranking_members(organisation))
        enough.update(theirs.filter(found.enough).values_list("pk", flat=True))
        only.update(theirs.filter(found.only).values_list("pk", flat=True))
    return VouchedFor(Q(pk__in=enough), Q(pk__in=only))


def emergency_account(organisation: Organisation | None) -> Q:
    """The account of this organisation, or of any, that is for when the provider fails."""
    if organisation is None:
        return Q(membership__organisation__connection__break_glass=F("pk"))
    return Q(pk=getattr(getattr(organisation, "connection", None), "break_glass_id", None) or 0)


def _vouching_connection(organisation: Organisation) -> Any:
    """The connection to the provider, if it is switched on and vouches for a second factor."""
    connection = getattr(organisation, "connection", None)
    return connection if connection is not None and connection.enabled and connection.vouching != OURS else None


def _decided_over(organisation: Organisation, connection: Any) -> Q:
    return ~Q(pk=connection.break_glass_id or 0) & ~Q(pk__in=rank.guests_elsewhere(organisation))


def _nobody() -> Q:
    return Q(pk__in=[])
