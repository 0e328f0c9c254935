"""Addresses of a mail domain that one organisation proved are used in no other one, by whatever way they come."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.email_address import flows as email_address
from accounts.email_address.flows import Outcome
from accounts.models import User
from accounts.organisations import memberships
from accounts.organisations.memberships import ForeignAddressError
from accounts.organisations.models import Membership, Organisation
from accounts.sso.models import MailDomain
from environments.people import flows, import_processing, imports
from environments.people.list_reader import read
from tests.conftest import mails
from tests.environments.people.staff import PEOPLE, administrator, page_of, superuser, values_of
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import shown, signed_in, text

pytestmark = pytest.mark.django_db

HERE = Origin("127.0.0.1", "Testbrowser")
NEW = {"first_name": "Nina", "last_name": "Nieuw", "language": "nl"}
ELSEWHERE = "Dit adres kun je niet gebruiken voor deze organisatie"
TOLD = "Dit e-mailadres hoort bij een maildomein dat Organisatie B heeft bewezen"
FOREIGN = "iemand@b.example"


def proved(organisation: Organisation, name: str, *, at: object = ...) -> MailDomain:
    moment = timezone.now() if at is ... else at
    return MailDomain.objects.create(organisation=organisation, domain=name, token="x", proved_at=moment)


@pytest.fixture
def a() -> Organisation:
    return OrganisationFactory(name="Organisatie A", slug="a")


@pytest.fixture
def b() -> Organisation:
    organisation = OrganisationFactory(name="Organisatie B", slug="b")
    proved(organisation, "b.example")
    return organisation


# ASVS 8.4.1
def test_person_is_not_added_with_an_address_of_another_organisation(a: Organisation, b: Organisation) -> None:
    own = signed_in(administrator(a))
    page = shown(own, f"{PEOPLE}add/", NEW | {"email": FOREIGN})
    assert ELSEWHERE in page
    assert "Organisatie B" not in page
    assert TOLD in shown(signed_in(superuser()), f"{PEOPLE}add/?organisation=a", NEW | {"email": FOREIGN.upper()})
    assert not User.objects.filter(email__lower=FOREIGN).exists()
    own.post(f"{PEOPLE}add/", NEW | {"email": "iemand@anders.example"})
    assert Membership.objects.get(user__email="iemand@anders.example").organisation == a
    signed_in(administrator(b)).post(f"{PEOPLE}add/", NEW | {"email": FOREIGN})
    assert Membership.objects.get(user__email=FOREIGN).organisation == b


@pytest.mark.parametrize(
    "typed", ["iemand@b.example", "Iemand@B.Example", "iemand@bücher.example", "iemand@xn--bcher-kva.example"]
)
def test_list_of_people_invites_none_of_them_and_says_the_same_of_who_exists(
    a: Organisation, b: Organisation, typed: str
) -> None:
    proved(b, "xn--bcher-kva.example")
    UserFactory(email="bestaat@b.example", organisation=b)
    batch = imports.create(read(f"{typed}\nbestaat@b.example\niemand@a.example"), a, administrator(a))
    first, exists, mine = batch.lines.all()
    assert (first.state, exists.state, mine.state) == ("wrong", "wrong", "new")
    assert first.why == exists.why == "elsewhere"


def test_domain_that_is_proved_between_looking_and_confirming_counts(a: Organisation, b: Organisation) -> None:
    batch = imports.create(read("iemand@later.example"), a, administrator(a))
    proved(b, "later.example")
    assert imports.confirm(batch, batch.made_by, HERE)
    import_processing.carry_out(batch.pk)
    assert batch.lines.get().why == "elsewhere"
    assert not User.objects.filter(email="iemand@later.example").exists()


def test_address_of_another_organisation_is_set_on_no_member(a: Organisation, b: Organisation) -> None:
    person = UserFactory(email="mijn@a.example", organisation=a)
    assert ELSEWHERE in shown(signed_in(administrator(a)), page_of(person), values_of(person, email=FOREIGN))
    assert TOLD in shown(signed_in(superuser()), page_of(person), values_of(person, email=FOREIGN))
    assert User.objects.get(pk=person.pk).email == "mijn@a.example"


def test_person_is_not_moved_with_an_address_of_the_present_one_but_with_a_new_one(
    a: Organisation, b: Organisation
) -> None:
    proved(a, "a.example")
    person = UserFactory(email=FOREIGN, organisation=b)
    boss = signed_in(superuser())
    assert TOLD in shown(boss, page_of(person), values_of(person, organisation="a"))
    assert Membership.objects.get(user=person).organisation == b
    boss.post(page_of(person), values_of(person, organisation="a", email="iemand@a.example"))
    assert Membership.objects.get(user=person).organisation == a
    assert User.objects.get(pk=person.pk).email == "iemand@a.example"
    boss.post(page_of(person), values_of(User.objects.get(pk=person.pk), organisation=""))
    assert not Membership.objects.filter(user=person).exists(), "out of every organisation is no other one"


def test_person_whose_new_address_waits_is_not_moved_with_the_present_one(a: Organisation, b: Organisation) -> None:
    person = UserFactory(email=FOREIGN, organisation=b, with_totp=True)
    record(Event.PASSWORD_CHANGED, subject=person, origin=HERE, detail={"way": "mailed link"})
    answer = signed_in(superuser()).post(
        page_of(person), values_of(person, organisation="a", email="iemand@a.example"), follow=True
    )
    assert "Deze persoon is nog niet verplaatst" in text(answer)
    assert Membership.objects.get(user=person).organisation == b
    assert User.objects.get(pk=person.pk).email == FOREIGN


def test_flows_refuse_what_their_pages_did_not(a: Organisation, b: Organisation) -> None:
    boss, person = superuser(), UserFactory(email=FOREIGN, organisation=b)
    with pytest.raises(ForeignAddressError):
        flows.move(person, a, actor=boss, origin=HERE)
    with pytest.raises(ForeignAddressError), transaction.atomic():
        flows.add([(User(email="nog-een@b.example"), [])], a, actor=boss, origin=HERE)
    mine = UserFactory(organisation=a)
    changed = User.objects.get(pk=mine.pk)
    changed.email, rights = "derde@b.example", flows.Rights.of(mine)
    with pytest.raises(ForeignAddressError):
        flows.change(changed, rights_before=rights, rights=rights, belongs_to=a.pk, actor=boss, origin=HERE)
    assert set(Membership.objects.filter(organisation=a).values_list("user", flat=True)) == {mine.pk}


@pytest.mark.django_db(transaction=True)
def test_nobody_gives_themselves_an_address_of_another_organisation(a: Organisation, b: Organisation) -> None:
    person = UserFactory(email="mijn@a.example", organisation=a)
    page = shown(signed_in(person), "/persoonlijke-gegevens/e-mailadres/", {"email": FOREIGN})
    assert "Dit e-mailadres is van een andere organisatie" in page
    assert not mails()
    entry = AuditEntry.objects.get(event="address_change_refused")
    assert entry.detail == {"after": FOREIGN, "cause": "foreign"}
    assert email_address.request_change(person, "mijn@later.example", HERE) is Outcome.REQUESTED
    token = next(line for line in mails()[-1].body.splitlines() if "/bevestigen/" in line).split("/")[-2]
    proved(b, "later.example")
    assert email_address.confirm(person, token, HERE) is Outcome.LINK_VOID
    assert User.objects.get(pk=person.pk).email == "mijn@a.example"
    colleague, nobody = UserFactory(organisation=b), UserFactory()
    assert email_address.request_change(colleague, FOREIGN, HERE) is Outcome.REQUESTED
    assert email_address.request_change(nobody, "ander@b.example", HERE) is Outcome.REQUESTED


@pytest.mark.django_db(transaction=True)
def test_who_was_invited_before_the_domain_was_proved_is_not_invited_again(a: Organisation, b: Organisation) -> None:
    person = UserFactory(email="vroeg@b.example", organisation=a, password="!x")
    assert not flows.invite_again(person.pk, actor=superuser(), origin=HERE)
    assert f"/beheer/mensen/{person.pk}/uitnodigen/" not in shown(signed_in(administrator(a)), page_of(person))
    a.second_step, a.required_from = "required", timezone.localdate() + timezone.timedelta(days=30)
    a.save()
    with time_machine.travel(timezone.now(), tick=False):
        call_command("send_reminders")
    assert not mails()
    boss = signed_in(superuser())
    boss.post(page_of(person), values_of(person, first_name="Anders"))
    assert User.objects.get(pk=person.pk).first_name == "Anders", "what is not about the address can be changed"


def test_domain_counts_once_it_is_proved_and_nowhere_for_nobody(a: Organisation, b: Organisation) -> None:
    claimed = proved(b, "beweerd.example", at=None)
    assert not memberships.is_foreign("x@beweerd.example", a.pk)
    claimed.proved_at = timezone.now()
    claimed.save()
    assert memberships.is_foreign("x@beweerd.example", a.pk)
    assert not memberships.is_foreign("x@beweerd.example", b.pk)
    assert not memberships.is_foreign("x@beweerd.example", None)
    assert not memberships.is_foreign("geen adres", a.pk)
    assert memberships.is_foreign('"x@a.example"@beweerd.example', a.pk)
    assert memberships.foreign(["x@beweerd.example", "y@vrij.example"], a.pk) == {"x@beweerd.example": "Organisatie B"}


def test_nobody_becomes_a_member_by_another_way() -> None:
    """Every way to store a membership is `members.join`; an address is stored where it is asked about first."""
    stores, addresses = set(), set()
    for package in ("accounts", "environments", "assetmaps"):
        for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            name = str(path.relative_to(settings.BASE_DIR))
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKING:
                    stores.add(name)
                if isinstance(node, ast.Assign | ast.AnnAssign):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    if any(isinstance(one, ast.Attribute) and one.attr == "email" for one in targets):
                        addresses.add(name)
    assert stores == {"accounts/organisations/memberships.py"}
    # `change_person` is called by `people.flows.change` only, which asks; a report "this was not me" gives an address
    # back that was the person's.
    assert addresses <= {"accounts/email_address/flows.py", "accounts/support/reports.py", "accounts/flows.py"}


MAKING = {"Membership"} | {
    f"Membership.objects.{how}" for how in ("create", "bulk_create", "get_or_create", "update_or_create")
}
