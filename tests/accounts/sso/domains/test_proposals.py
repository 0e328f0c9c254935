"""Mail domains that are proposed: those of the members' addresses."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import limits
from accounts.sso.domains import proposals
from accounts.sso.models import MailDomain
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def people(organisation: object, *addresses: str, **traits: object) -> None:
    for address in addresses:
        UserFactory(email=address, organisation=organisation, **traits)


def test_most_used_domain_comes_first_and_the_list_is_short() -> None:
    town = OrganisationFactory()
    people(town, "a@twee.nl", "b@Een.nl", "c@een.nl", "d@drie.nl", "e@vier.nl")
    people(town, "x@weg.nl", "y@weg.nl", "z@weg.nl", is_active=False)
    people(OrganisationFactory(), "x@elders.nl")
    assert proposals.of(town) == ["een.nl", "drie.nl", "twee.nl"][: limits.MAIL_DOMAINS_PROPOSED]


def test_domain_where_anybody_gets_an_address_is_not_proposed() -> None:
    town = OrganisationFactory()
    people(town, "a@gmail.com", "b@localhost")
    assert proposals.of(town) == []


def test_domain_of_another_organisation_is_not_proposed() -> None:
    town = OrganisationFactory()
    people(town, "a@een.nl", "b@twee.nl")
    MailDomain.objects.create(organisation=OrganisationFactory(), domain="een.nl", token="x", proved_at=timezone.now())
    assert proposals.of(town) == ["twee.nl"]


def test_listed_domain_is_not_offered_again_but_still_names_the_tenant() -> None:
    town = OrganisationFactory()
    people(town, "a@een.nl")
    MailDomain.objects.create(organisation=town, domain="een.nl", token="x")
    assert (proposals.of(town), proposals.not_listed(town)) == (["een.nl"], [])
