"""A page that was open while somebody else changed the same thing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.sso.models import Connection
from environments.models import Access, Environment, GroupMapping
from tests.accounts.edit_conflicts import pages
from tests.accounts.edit_conflicts.pages import PAGES, Page, filled_in
from tests.codes import code_of
from tests.conftest import outlive_proof, prove
from tests.factories import PASSWORD, EnvironmentFactory, OrganisationFactory, UserFactory
from tests.pages import DETAILS, at_once, signed_in, text

pytestmark = pytest.mark.django_db

CHANGED = "Terwijl deze pagina open stond, is dit gewijzigd."
DELETED = "Terwijl deze pagina open stond, is dit verwijderd, of mag je er niet meer bij."
UNKNOWN = "We kunnen niet meer zien wat er op deze pagina stond"

Make = Callable[[User], Page]


@pytest.fixture
def worker() -> User:
    return UserFactory(superuser=True, with_totp=True)


@pytest.fixture
def client(worker: User) -> Client:
    return signed_in(worker)


def opened(client: Client, address: str) -> dict[str, Any]:
    return filled_in(client.get(address).content.decode())


def saved(client: Client, address: str, values: dict[str, Any]) -> str:
    """The page that the person sees in the end."""
    return text(client.post(address, {name: value for name, value in values.items() if value is not None}, follow=True))


def elsewhere(page: Page, values: dict[str, Any]) -> None:
    stored = page.stored()
    type(stored).objects.filter(pk=stored.pk).update(**values)


def has(page: Page, values: dict[str, Any]) -> bool:
    stored = page.stored()
    return {name: getattr(stored, name) for name in values} == values


def columns(page: Page) -> dict[str, Any]:
    return {name: value for name, value in vars(page.stored()).items() if name != "_state"}


def as_typed(values: dict[str, Any]) -> dict[str, Any]:
    return {name: "on" if value is True else value for name, value in values.items()}


def test_every_page_of_the_administration_that_changes_something_is_tried() -> None:
    assert pages.registered() == set(pages.ADMIN) | pages.NEVER_CHANGED


@pytest.mark.parametrize("make", PAGES)
def test_what_was_not_touched_is_not_written(client: Client, worker: User, make: Make) -> None:
    page = make(worker)
    form = opened(client, page.address)
    elsewhere(page, page.theirs)
    assert CHANGED not in saved(client, page.address, form | as_typed(page.mine))
    assert has(page, page.mine | page.theirs)


@pytest.mark.parametrize("make", [make for make in PAGES if make is not pages.of_sso_people])
def test_what_both_changed_is_refused_with_both_values_and_goes_on(client: Client, worker: User, make: Make) -> None:
    page = make(worker)
    form = opened(client, page.address)
    elsewhere(page, page.same | page.theirs)
    answer = saved(client, page.address, form | as_typed(page.mine))
    assert CHANGED in answer
    assert has(page, page.same | page.theirs)  # nothing was written
    again = filled_in(answer)
    (name, typed), (_name, stored) = *page.mine.items(), *page.same.items()
    assert typed in again[name]  # what was typed stands there still
    if stored not in ("roles", "acr", "manager"):  # these are shown by their labels
        assert f"Nu opgeslagen: “{stored}”. Van jou: “{typed}”." in answer
    assert CHANGED not in saved(client, page.address, again)
    assert has(page, page.mine | page.theirs)  # their other changes are still there


MARKS = ["x", "a:b:c", "x" * 20_000, "of another person", "of another page", "old"]


@pytest.mark.parametrize(
    ("make", "mark"), [(make, None) for make in PAGES] + [(pages.of_organisation, mark) for mark in MARKS]
)
def test_without_what_the_page_showed_nothing_is_written_and_nothing_is_lost(
    client: Client, worker: User, make: Make, mark: str | None
) -> None:
    page = make(worker)
    form = opened(client, page.address)
    if mark == "of another person":
        other = signed_in(UserFactory(superuser=True, with_totp=True))
        mark = opened(other, pages.of_person(worker).address)["shown"]
    elif mark == "of another page":
        mark = opened(client, pages.of_environment(worker).address)["shown"]
    elif mark == "old":
        with time_machine.travel(timezone.now() - limits.SHOWN_KEPT - limits.FRESH_PROOF):
            mark = _made_now(form["shown"])
    before = columns(page)
    bare = form | as_typed(page.mine) | {"shown": "" if mark is None else mark}
    answer = saved(client, page.address, bare)
    assert UNKNOWN in answer
    assert columns(page) == before
    assert CHANGED not in saved(client, page.address, filled_in(answer))
    assert has(page, page.mine)


def _made_now(mark: str) -> str:

    return signing.dumps(signing.loads(mark, salt="accounts.stale_pages"), salt="accounts.stale_pages", compress=True)


def test_deactivated_person_stays_so_when_a_colleague_saves_a_name(client: Client, worker: User) -> None:
    organisation = OrganisationFactory()
    person = UserFactory(staff=True, organisation=organisation)
    person.groups.add(Group.objects.create(name="Groep"))
    environment = EnvironmentFactory(organisation=organisation, people=[person])
    address = f"/beheer/accounts/user/{person.pk}/change/"
    first, second = opened(client, address), signed_in(UserFactory(superuser=True, with_totp=True))
    theirs = opened(second, address)
    saved(second, address, theirs | {"is_active": None, "is_staff": None, "groups": None, "opens": None})
    entries = AuditEntry.objects.count()
    saved(client, address, first | {"last_name": "Anders"})
    person.refresh_from_db()
    assert (person.last_name, person.is_active, person.is_staff) == ("Anders", False, False)
    assert not person.groups.exists()
    assert not Access.objects.filter(user=person, environment=environment).exists()
    # Nothing else happened, so nothing else is recorded.
    newer = AuditEntry.objects.order_by("-pk")[: AuditEntry.objects.count() - entries]
    assert [entry.event for entry in newer] == ["details_changed_by_other"]
    assert LogEntry.objects.first().get_change_message() == "Achternaam gewijzigd."


def test_ticks_that_both_changed_are_refused_and_both_are_kept_on_the_page(client: Client) -> None:
    organisation = OrganisationFactory()
    one, two, three = (EnvironmentFactory(organisation=organisation) for _ in range(3))
    person = UserFactory(organisation=organisation)
    Access.objects.create(user=person, environment=one)
    address = f"/beheer/accounts/user/{person.pk}/change/"
    form = opened(client, address)
    Access.objects.create(user=person, environment=two)
    Access.objects.filter(environment=one).delete()
    answer = saved(client, address, form | {"opens": [one.pk, three.pk]})
    assert CHANGED in answer
    assert f"Nu opgeslagen: “{two}”" in answer
    saved(client, address, filled_in(answer))
    assert set(Environment.objects.filter(access__user=person)) == {two, three}


def test_nothing_touched_writes_and_records_nothing(client: Client, worker: User) -> None:
    for make in PAGES:
        page = make(worker)
        form = opened(client, page.address)
        elsewhere(page, page.theirs)
        entries, log = AuditEntry.objects.count(), LogEntry.objects.count()
        saved(client, page.address, form)
        assert has(page, page.theirs)
        assert (AuditEntry.objects.count(), LogEntry.objects.count()) == (entries, log), make.__name__


def test_only_the_columns_that_were_changed_are_written(client: Client, worker: User) -> None:
    for make in pages.ADMIN.values():
        page = make(worker)
        form = opened(client, page.address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            saved(client, page.address, form | page.mine)
        table = page.stored()._meta.db_table
        (written,) = [q["sql"] for q in queries if q["sql"].startswith(f'UPDATE "{table}"')]
        columns = {part.split('"')[1] for part in written.partition(" SET ")[2].partition(" WHERE ")[0].split(", ")}
        assert columns - {f"{name}_key" for name in page.mine} == set(page.mine)


@pytest.mark.parametrize("make", [*pages.ADMIN.values(), pages.of_device, pages.of_role])
def test_deleted_meanwhile_is_a_sentence(client: Client, worker: User, make: Make) -> None:
    page = make(worker)
    form = opened(client, page.address)
    page.stored().delete()
    assert DELETED in saved(client, page.address, form | page.mine)
    assert client.post(page.address, form | page.mine | {"shown": "x"}).status_code == 404  # never shown to this person


class TestRows:
    """The groups of the provider, below an environment."""

    @pytest.fixture
    def environment(self) -> Environment:
        environment = EnvironmentFactory()
        for value in ("een", "twee", "drie"):
            GroupMapping.objects.create(environment=environment, value=value)
        return environment

    def values(self) -> list[str]:
        return sorted(GroupMapping.objects.values_list("value", flat=True))

    def open(self, client: Client, environment: Environment) -> tuple[str, dict[str, Any]]:
        address = f"/beheer/environments/environment/{environment.pk}/change/"
        return address, opened(client, address)

    def change(self) -> None:
        """One row changed, one deleted, one added."""
        GroupMapping.objects.filter(value="een").update(value="een anders")
        GroupMapping.objects.filter(value="twee").delete()
        GroupMapping.objects.create(environment=Environment.objects.get(), value="vier")

    def test_rows_stay_as_a_colleague_made_them(self, client: Client, environment: Environment) -> None:
        address, form = self.open(client, environment)
        self.change()
        saved(client, address, form | {"place": "Dorp"})
        assert Environment.objects.get().place == "Dorp"
        assert self.values() == ["drie", "een anders", "vier"]

    def test_own_rows_are_changed_added_and_deleted_beside_them(self, client: Client, environment: Environment) -> None:
        address, form = self.open(client, environment)
        self.change()
        more = {"group_mappings-TOTAL_FORMS": "4", "group_mappings-3-value": "vijf", "group_mappings-2-value": "3"}
        saved(client, address, form | more)
        assert self.values() == ["3", "een anders", "vier", "vijf"]

    def test_same_row_by_both_is_refused(self, client: Client, environment: Environment) -> None:
        address, form = self.open(client, environment)
        self.change()
        answer = saved(client, address, form | {"group_mappings-0-value": "van mij"})
        assert "Nu opgeslagen: “een anders”. Van jou: “van mij”." in answer
        assert self.values() == ["drie", "een anders", "vier"]
        saved(client, address, filled_in(answer))
        assert self.values() == ["drie", "van mij", "vier"]

    def test_row_that_was_deleted_meanwhile_is_kept_as_a_new_one(
        self, client: Client, environment: Environment
    ) -> None:
        address, form = self.open(client, environment)
        self.change()
        answer = saved(client, address, form | {"group_mappings-1-value": "van mij"})
        assert "is deze regel verwijderd" in answer
        assert self.values() == ["drie", "een anders", "vier"]
        saved(client, address, filled_in(answer))
        assert self.values() == ["drie", "een anders", "van mij", "vier"]

    def test_deleting_what_somebody_changed_is_asked_again(self, client: Client, environment: Environment) -> None:
        address, form = self.open(client, environment)
        self.change()
        answer = saved(client, address, form | {"group_mappings-0-DELETE": "on", "group_mappings-1-DELETE": "on"})
        assert "Nu opgeslagen: “een anders" in answer
        saved(client, address, filled_in(answer) | {"group_mappings-0-DELETE": "on"})
        assert self.values() == ["drie", "vier"]


@pytest.mark.parametrize("page", ["geheim", "aanbieder"])
def test_secret_that_somebody_else_just_set_is_not_replaced_unseen(client: Client, page: str) -> None:
    organisation = OrganisationFactory()
    Connection.objects.create(organisation=organisation, issuer="https://een.voorbeeld.nl", client_id="een")
    address = f"/beheer/sso/{organisation.slug}/{page}/"
    form = opened(client, address)
    Connection.objects.update(secret_set_at=timezone.now())
    answer = saved(client, address, form | {"secret": "van mij"})
    assert "Nu opgeslagen: “ingesteld op " in answer
    assert not Connection.objects.get().sealed_secret
    saved(client, address, opened(client, address) | {"secret": "van mij"})
    assert Connection.objects.get().secret() == "van mij"


def test_rule_about_a_claim_is_one_thing(client: Client, worker: User) -> None:
    """Otherwise two changes would make a third rule that nobody chose: another claim with the value of this one."""
    page = pages.of_sso_second_step(worker)
    elsewhere(page, {"vouching": "amr", "vouching_value": "mfa"})
    form = opened(client, page.address)
    elsewhere(page, {"vouching_value": "hwk"})
    assert CHANGED in saved(client, page.address, form | {"vouching": "acr"})
    assert has(page, {"vouching": "amr", "vouching_value": "hwk"})


def test_person_with_two_tabs_keeps_what_both_saved(client: Client, worker: User) -> None:
    one, two = opened(client, DETAILS), opened(client, DETAILS)
    saved(client, DETAILS, one | {"first_name": "Anna"})
    saved(client, DETAILS, two | {"last_name": "Anders"})
    worker.refresh_from_db()
    assert (worker.first_name, worker.last_name) == ("Anna", "Anders")
    assert AuditEntry.objects.filter(event="details_changed").count() == 2


def test_page_that_had_to_wait_for_fresh_proof_still_knows_what_it_showed(client: Client, worker: User) -> None:
    page = pages.of_person(worker)
    form = opened(client, page.address)
    with time_machine.travel(timezone.now() + limits.FRESH_PROOF + limits.TOTP_DIAGNOSIS / 10, tick=True):
        outlive_proof(client)
        asked = client.post(page.address, form | page.mine).url
        elsewhere(page, page.theirs | page.same)
        proof = {"password": PASSWORD, "code": code_of(worker), "next": client.get(asked).context["next"]}
        answer = text(client.post("/bevestig-identiteit/", proof))
        assert CHANGED in answer
        assert f'action="{page.address}"' in answer  # and not the page that asked for the proof
        prove(client)
        saved(client, page.address, filled_in(answer))
    assert has(page, page.theirs | page.mine)


def test_long_form_survives_fresh_proof(client: Client) -> None:
    """With a thousand environments ticked, which is more than a form may have fields besides."""
    organisation, person = OrganisationFactory(), UserFactory()
    rows = [
        Environment(organisation=organisation, name=f"O {n}", slug=f"o-{n}", address=f"https://o{n}.voorbeeld.nl/")
        for n in range(900)
    ]
    for row in Environment.objects.bulk_create(rows):
        Access(user=person, environment=row).save()
    form = opened(client, f"/beheer/accounts/user/{person.pk}/change/")
    assert len(form["opens"]) == 900
    assert len(form["shown"]) < limits.SHOWN_LONGEST / 3
    assert sum(len(str(one)) + 10 for one in form["opens"]) + len(form["shown"]) < 32_000


def test_number_of_statements_does_not_grow_with_what_was_changed(client: Client, worker: User) -> None:
    page, counts = pages.of_environment(worker), []
    # Another name in both: it also changes the order of tiles, in the rows of who may open it.
    for mine in ({"name": "Een"}, {"place": "Twee", "description": "Twee", "closed_text": "Twee", "name": "Twee"}):
        form = opened(client, page.address)
        with CaptureQueriesContext(connection) as queries:
            client.post(page.address, form | mine)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def browsers_of(person: User) -> list[Client]:
    """Four; each needs a code of another moment."""
    clients = []
    for minutes in range(4, 0, -1):
        with time_machine.travel(timezone.now() - timedelta(minutes=minutes)):
            clients.append(signed_in(person))
    return clients


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [pages.of_person, pages.of_environment, pages.of_sso_groups, pages.of_device])
def test_of_two_who_save_at_the_same_moment_nobody_is_overwritten_unseen(make: Make) -> None:
    workers = [UserFactory(superuser=True, with_totp=True) for _ in range(4)]
    clients = [signed_in(one) for one in workers] if make is not pages.of_device else browsers_of(workers[0])
    page = make(workers[0])
    name = next(iter(page.mine))
    values = ["groups", "roles"] * 2 if name == "group_claim" else [f"Van {n}" for n in range(4)]
    forms = [opened(client, page.address) for client in clients]
    tasks = [
        partial(saved, client, page.address, form | {name: value})
        for client, form, value in zip(clients, forms, values, strict=True)
    ]
    answers = at_once(tasks)
    won = getattr(page.stored(), name)
    assert won in values
    assert [CHANGED not in answer for answer in answers] == [value == won for value in values]


@pytest.mark.django_db(transaction=True)
def test_different_fields_at_the_same_moment_all_arrive() -> None:
    clients = [signed_in(UserFactory(superuser=True, with_totp=True)) for _ in range(4)]
    page = pages.of_environment(UserFactory())
    changes = [{"place": "P"}, {"description": "D"}, {"closed_text": "C"}, {"name": "N"}]
    forms = [opened(client, page.address) for client in clients]
    tasks = [
        partial(saved, client, page.address, form | change)
        for client, form, change in zip(clients, forms, changes, strict=True)
    ]
    at_once(tasks)
    assert has(page, {name: value for change in changes for name, value in change.items()})


def test_device_is_named_once_however_often_it_is_saved(client: Client, worker: User) -> None:
    page = pages.of_device(worker)
    saved(client, page.address, opened(client, page.address) | {"name": "Van mij"})
    saved(client, page.address, opened(client, page.address))
    assert has(page, page.mine)
    assert AuditEntry.objects.filter(event="authenticator_renamed").count() == 1


def test_emergency_account_that_both_chose_is_refused(client: Client) -> None:
    organisation = OrganisationFactory()
    mine, theirs = (UserFactory(staff=True, organisation=organisation) for _ in range(2))
    Connection.objects.create(organisation=organisation, issuer="https://een.voorbeeld.nl", client_id="een")
    address = f"/beheer/sso/{organisation.slug}/noodaccount/"
    form = opened(client, address)
    Connection.objects.update(break_glass=theirs)
    answer = saved(client, address, form | {"person": str(mine.pk)})
    assert CHANGED in answer
    assert theirs.email in answer
    assert Connection.objects.get().break_glass == theirs
    saved(client, address, filled_in(answer))
    assert Connection.objects.get().break_glass == mine


def test_provider_that_both_changed_is_refused(client: Client) -> None:
    organisation = OrganisationFactory()
    Connection.objects.create(organisation=organisation, issuer="https://een.voorbeeld.nl", client_id="een")
    address = f"/beheer/sso/{organisation.slug}/aanbieder/"
    form = opened(client, address)
    Connection.objects.update(client_id="van hen", secret_set_at=timezone.now())  # and a secret, which is left alone
    answer = saved(client, address, form | {"client_id": "van mij"})
    assert "Nu opgeslagen: “van hen”. Van jou: “van mij”." in answer
    assert Connection.objects.get().client_id == "van hen"


def test_set_up_page_of_an_organisation_with_another_short_name_says_so(client: Client) -> None:
    organisation = OrganisationFactory()
    Connection.objects.create(organisation=organisation, issuer="https://een.voorbeeld.nl", client_id="een")
    address = f"/beheer/sso/{organisation.slug}/mensen/"
    form = opened(client, address)
    type(organisation).objects.update(slug="anders")
    assert DELETED in saved(client, address, form)
    assert client.post(address, form | {"shown": "x"}).status_code == 404
