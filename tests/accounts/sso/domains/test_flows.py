"""Mail domains: who has them, and how they are proved, against a real DNS server."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Organisation
from accounts.sso.domains import flows
from accounts.sso.domains.flows import Outcome
from accounts.sso.domains.resolver import DnsResolver
from accounts.sso.models import MailDomain
from tests.accounts.sso.domains.dns_server import Zone, serving
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(name="Gemeente", slug="gemeente")


@pytest.fixture
def worker(town: Organisation) -> User:
    return UserFactory(staff=True, organisation=town)


def add(organisation: Organisation, name: str, worker: User) -> Outcome:
    return flows.add(organisation, name, actor=worker, origin=HERE)


def listed(organisation: Organisation, name: str = "voorbeeld.nl") -> MailDomain:
    return MailDomain.objects.create(organisation=organisation, domain=name, token=f"{organisation.pk:032}")


def check(domain: MailDomain, worker: User, zone: Zone, settings: object) -> Outcome:
    with serving(zone) as (address, _asked):
        settings.DNS_RESOLVERS = [address]
        return flows.check(domain, DnsResolver(), actor=worker, origin=HERE)


def record_of(domain: MailDomain, text: str = "") -> Zone:
    return {f"_assetmaps.{domain.domain}": [[(text or f"assetmaps-verificatie={domain.token}").encode()]]}


def test_domain_is_listed_unproved_with_a_token_that_nobody_guesses(town: Organisation, worker: User) -> None:
    assert add(town, "Voorbeeld.NL", worker) is Outcome.ADDED
    domain = MailDomain.objects.get()
    assert (domain.domain, domain.proved_at) == ("voorbeeld.nl", None)
    assert len(bytes.fromhex(domain.token)) == limits.DOMAIN_TOKEN_BYTES >= 16
    entry = AuditEntry.objects.get(event="domain_added")
    assert (entry.organisation, entry.actor, entry.detail) == (town, worker, {"domain": "voorbeeld.nl"})


def test_two_organisations_have_different_tokens_so_one_record_proves_one_of_them(
    town: Organisation, worker: User, settings: object
) -> None:
    other = OrganisationFactory()
    add(town, "voorbeeld.nl", worker)
    add(other, "voorbeeld.nl", worker)
    mine, theirs = (MailDomain.objects.get(organisation=one) for one in (town, other))
    assert mine.token != theirs.token
    assert check(theirs, worker, record_of(mine), settings) is Outcome.OTHER_TEXT


@pytest.mark.parametrize(("typed", "outcome"), [("geen domein", Outcome.NOT_A_DOMAIN), ("gmail.com", Outcome.PUBLIC)])
def test_what_cannot_be_an_organisations_own_is_not_listed(
    town: Organisation, worker: User, typed: str, outcome: Outcome
) -> None:
    assert add(town, typed, worker) is outcome
    assert not MailDomain.objects.exists()


def test_domain_is_listed_once(town: Organisation, worker: User) -> None:
    add(town, "voorbeeld.nl", worker)
    assert add(town, "@VOORBEELD.nl", worker) is Outcome.EXISTS


def test_list_is_bounded(town: Organisation, worker: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAIL_DOMAINS", 1)
    add(town, "een.nl", worker)
    assert add(town, "twee.nl", worker) is Outcome.TOO_MANY


def test_domain_that_another_organisation_proved_is_refused(town: Organisation, worker: User) -> None:
    MailDomain.objects.filter(pk=listed(OrganisationFactory()).pk).update(proved_at=timezone.now())
    assert add(town, "voorbeeld.nl", worker) is Outcome.TAKEN


def test_right_record_proves_the_domain(town: Organisation, worker: User, settings: object) -> None:
    domain = listed(town)
    assert check(domain, worker, record_of(domain), settings) is Outcome.PROVED
    domain.refresh_from_db()
    assert (domain.proved_by, domain.reason) == (worker, "")
    assert AuditEntry.objects.get(event="domain_proved").detail == {"domain": "voorbeeld.nl", "by": "dns"}


def test_quotation_marks_that_a_dns_page_keeps_do_no_harm(town: Organisation, worker: User, settings: object) -> None:
    domain = listed(town)
    zone = record_of(domain, f' "assetmaps-verificatie={domain.token}" ')
    assert check(domain, worker, zone, settings) is Outcome.PROVED


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("assetmaps-verificatie=ander", Outcome.OTHER_TEXT),
        ("TOKEN", Outcome.OTHER_TEXT),
        ("assetmaps-verificatie=TOKENx", Outcome.OTHER_TEXT),
        ("x assetmaps-verificatie=TOKEN", Outcome.OTHER_TEXT),
        ("assetmaps-verificatie=", Outcome.OTHER_TEXT),
    ],
)
def test_other_text_proves_nothing(
    town: Organisation, worker: User, settings: object, text: str, outcome: Outcome
) -> None:
    domain = listed(town)
    assert check(domain, worker, record_of(domain, text.replace("TOKEN", domain.token)), settings) is outcome
    domain.refresh_from_db()
    assert domain.proved_at is None


def test_record_at_the_domain_itself_proves_nothing(town: Organisation, worker: User, settings: object) -> None:
    domain = listed(town)
    zone: Zone = {"voorbeeld.nl": [[f"assetmaps-verificatie={domain.token}".encode()]]}
    assert check(domain, worker, zone, settings) is Outcome.ABSENT


@pytest.mark.parametrize(("fault", "outcome"), [("nxdomain", Outcome.ABSENT), ("servfail", Outcome.DNS_FAILED)])
def test_failed_look_up_proves_nothing(
    town: Organisation, worker: User, settings: object, fault: str, outcome: Outcome
) -> None:
    domain = listed(town)
    assert check(domain, worker, {f"_assetmaps.{domain.domain}": fault}, settings) is outcome
    domain.refresh_from_db()
    assert domain.proved_at is None


def test_second_organisation_cannot_prove_what_another_proved(
    town: Organisation, worker: User, settings: object
) -> None:
    mine, theirs = listed(town), listed(OrganisationFactory())
    assert check(theirs, worker, record_of(theirs), settings) is Outcome.PROVED
    assert check(mine, worker, record_of(mine), settings) is Outcome.TAKEN
    assert MailDomain.objects.get(proved_at__isnull=False) == theirs


def test_looking_is_bounded_because_every_look_is_a_request_to_a_stranger(
    town: Organisation, worker: User, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SSO_CHECKS", 2)
    domain = listed(town)
    with serving({}) as (address, asked):
        settings.DNS_RESOLVERS = [address]
        found = [flows.check(domain, DnsResolver(), actor=worker, origin=HERE) for _time in range(3)]
    assert found == [Outcome.ABSENT, Outcome.ABSENT, Outcome.WAIT]
    assert len(asked) == 2


def test_superuser_proves_with_a_reason_that_is_kept(town: Organisation) -> None:
    domain, boss = listed(town), UserFactory(superuser=True)
    assert flows.prove_with_reason(domain, "Contract gezien", actor=boss, origin=HERE) is Outcome.PROVED
    entry = AuditEntry.objects.get(event="domain_proved")
    assert (entry.reason, entry.detail["by"]) == ("Contract gezien", "a reason")
    domain.refresh_from_db()
    assert domain.reason == "Contract gezien"


def test_nobody_else_proves_with_a_reason(town: Organisation, worker: User) -> None:
    former = UserFactory(superuser=True, is_active=False)
    for actor in (worker, former):
        assert flows.prove_with_reason(listed(town, f"{actor.pk}.nl"), "x", actor=actor, origin=HERE) is (
            Outcome.NOT_ALLOWED
        )
    assert not MailDomain.objects.filter(proved_at__isnull=False).exists()


def test_domain_that_is_gone_is_neither_proved_nor_removed_again(town: Organisation) -> None:
    domain, boss = listed(town), UserFactory(superuser=True)
    stale = MailDomain.objects.get(pk=domain.pk)
    assert flows.remove(domain, actor=boss, origin=HERE) is Outcome.REMOVED
    stale.pk = stale.id = MailDomain.objects.count() + 4711
    assert flows.remove(stale, actor=boss, origin=HERE) is Outcome.GONE
    assert flows.prove_with_reason(stale, "x", actor=boss, origin=HERE) is Outcome.GONE
    assert AuditEntry.objects.filter(event="domain_removed").count() == 1


def test_database_itself_keeps_one_proof_a_domain(town: Organisation) -> None:
    mine, theirs = listed(town), listed(OrganisationFactory())
    MailDomain.objects.filter(pk=mine.pk).update(proved_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        MailDomain.objects.filter(pk=theirs.pk).update(proved_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_of_two_organisations_that_prove_at_once_one_does() -> None:
    boss = UserFactory(superuser=True)
    both = [listed(OrganisationFactory()) for _organisation in range(2)]
    found = at_once([lambda d=d: flows.prove_with_reason(d, "x", actor=boss, origin=HERE) for d in both])
    assert sorted(one.name for one in found) == ["PROVED", "TAKEN"]
    assert AuditEntry.objects.filter(event="domain_proved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_proof_twice_at_once_is_recorded_once() -> None:
    boss, domain = UserFactory(superuser=True), listed(OrganisationFactory())
    found = at_once([lambda: flows.prove_with_reason(domain, "x", actor=boss, origin=HERE)] * 4)
    assert sorted(one.name for one in found) == ["PROVED", *["PROVED_BEFORE"] * 3]
    assert AuditEntry.objects.filter(event="domain_proved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_domain_added_twice_at_once_is_listed_once() -> None:
    boss, organisation = UserFactory(superuser=True), OrganisationFactory()
    found = at_once([lambda: add(organisation, "voorbeeld.nl", boss)] * 4)
    assert sorted(one.name for one in found) == ["ADDED", *["EXISTS"] * 3]


@pytest.mark.django_db(transaction=True)
def test_list_is_bounded_exactly_under_parallel_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAIL_DOMAINS", 2)
    boss, organisation = UserFactory(superuser=True), OrganisationFactory()
    at_once([lambda n=n: add(organisation, f"naam{n}.nl", boss) for n in range(6)])
    assert MailDomain.objects.count() == 2
