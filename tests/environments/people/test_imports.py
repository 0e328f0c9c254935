"""Lists of people: what would happen, and what happens."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.conf import settings
from django.core import mail as outbox
from django.core.management import call_command
from django.db.models import Q
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.background import queues, running
from accounts.models import User
from accounts.organisations.models import Membership
from accounts.passwords import flows as passwords
from environments.models import Access, Environment, Role
from environments.people import import_processing, imports
from environments.people.list_reader import read
from environments.people.models import ImportLine, PeopleImport
from environments.people.reading import choices
from tests.background import run_tasks
from tests.conftest import mails
from tests.environments.people.staff import administrator, superuser
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import at_once

pytestmark = pytest.mark.django_db

HERE = Origin("127.0.0.1", "Testbrowser", "NUMMER")


@pytest.fixture
def environment() -> Environment:
    return EnvironmentFactory(name="Wegen en bruggen", slug="wegen")


def offer(environment: Environment, text: str, worker: User | None = None) -> PeopleImport:
    organisation = environment.organisation
    return imports.create(read(text), organisation, worker or administrator(organisation))


def lines(batch: PeopleImport) -> list[tuple[int, str, str]]:
    return list(batch.lines.values_list("number", "state", "why"))


def invited(batch: PeopleImport) -> int:
    """How many got an invitation that is sent, or that leaves when the transaction of the test ends."""
    found = imports.counts(batch)
    return found["invited"] + found["waiting"]


def carried_out(batch: PeopleImport) -> PeopleImport:
    assert imports.confirm(batch, batch.made_by, HERE)
    import_processing.carry_out(batch.pk)
    batch.refresh_from_db()
    return batch


def test_each_line_is_judged_and_nobody_is_made(environment: Environment) -> None:
    UserFactory(email="Bekend@x.nl", organisation=environment.organisation)
    UserFactory(email="weg@x.nl", organisation=environment.organisation, is_active=False)
    UserFactory(email="elders@x.nl", organisation=EnvironmentFactory(slug="hun").organisation)
    UserFactory(email="los@x.nl")
    text = f"""nieuw@x.nl;Nina;Nieuw;Wegen en bruggen
bekend@X.nl;;;WEGEN
NIEUW@x.nl;Nog;Eens
;Zonder;Adres
geen adres;A
b\u0430as@x.nl;Lijkt;Op
lang@x.nl;{"x" * 151}
hun@x.nl;A;B;hun
weg@x.nl
elders@x.nl
los@x.nl"""
    batch = offer(environment, text)
    before = User.objects.count()
    assert lines(batch) == [
        (1, "new", ""),
        (2, "known", ""),
        (3, "twice", "twice"),
        (4, "wrong", "no_address"),
        (5, "wrong", "bad_address"),
        (6, "wrong", "bad_address"),
        (7, "wrong", "long_name"),
        (8, "wrong", "no_such_environment"),
        (9, "wrong", "not_active"),
        (10, "wrong", "elsewhere"),
        (11, "wrong", "elsewhere"),
    ]
    assert batch.lines.get(number=3).sentence == "Dit adres staat ook in regel 1; die regel telt."
    assert User.objects.count() == before
    assert not AuditEntry.objects.filter(event__in=["invited", "people_imported"]).exists()


def test_environment_in_the_place_of_a_name_is_no_name(environment: Environment) -> None:
    """A list without headings that has the name in one cell: nobody is invited without the environment."""
    batch = offer(environment, "Els Bakker;els@x.nl;wegen EN bruggen\nWegen;jan@x.nl\nbea@x.nl;Bea;Bos;wegen")
    assert lines(batch) == [(1, "wrong", "name_of_environment"), (2, "wrong", "name_of_environment"), (3, "new", "")]
    assert batch.lines.first().sentence == "“wegen EN bruggen” is een omgeving, maar staat op de plek van een naam."


# ASVS 8.4.1
def test_people_of_others_are_wrong_in_words_that_tell_nothing_about_them(environment: Environment) -> None:
    UserFactory(email="elders@x.nl", first_name="Geheim", organisation=EnvironmentFactory().organisation)
    line = offer(environment, "elders@x.nl").lines.get()
    assert line.sentence == "Dit adres kun je niet gebruiken voor deze organisatie. Vraag het support."
    assert (line.first_name, line.last_name) == ("", "")


@pytest.mark.django_db(transaction=True)
def test_confirmed_list_invites_and_gives_access(environment: Environment) -> None:
    known = UserFactory(email="bekend@x.nl", organisation=environment.organisation)
    batch = offer(environment, "nieuw@x.nl;Nina;Nieuw;wegen\nbekend@x.nl;;;wegen\nfout")
    carried_out(batch)
    run_tasks()
    assert [state for _number, state, _why in lines(batch)] == ["done", "done", "wrong"]
    person = User.objects.get(email="nieuw@x.nl")
    assert (person.first_name, person.last_name, person.has_usable_password()) == ("Nina", "Nieuw", False)
    assert Membership.objects.get(user=person).organisation == environment.organisation
    assert set(Access.objects.values_list("user", "environment")) == {
        (person.pk, environment.pk),
        (known.pk, environment.pk),
    }
    invitations = [message.to for message in mails() if "nodigt je uit" in message.subject]
    assert invitations == [["nieuw@x.nl"]], "who is known gets no invitation"
    assert [message.to for message in mails() if "kunt openen" in message.subject] == [["bekend@x.nl"]]
    found = imports.counts(batch)
    assert (found["invited"], found["added"], found["not_well"], found["to_do"]) == (1, 1, 1, 0)
    assert batch.finished_at is not None


def test_what_was_done_is_recorded_with_who_did_it_and_from_where(environment: Environment) -> None:
    batch = carried_out(offer(environment, "nieuw@x.nl;;;wegen\nfout"))
    entry = AuditEntry.objects.get(event="people_imported")
    assert (entry.actor, entry.organisation) == (batch.made_by, environment.organisation)
    assert entry.detail == {"list": batch.pk, "new": 1, "known": 0, "wrong": 1, "twice": 0}
    for event in ("invited", "access_given"):
        entry = AuditEntry.objects.get(event=event)
        assert (entry.actor, entry.address, entry.browser, entry.reference) == (
            batch.made_by,
            "127.0.0.1",
            "Testbrowser",
            "NUMMER",
        )


ROLES = "E-mail;Omgeving;Rol;Taal\n"


def test_role_and_language_of_a_line_count_for_who_is_new(environment: Environment) -> None:
    known = UserFactory(email="bekend@x.nl", organisation=environment.organisation)
    carried_out(
        offer(environment, f"{ROLES}a@x.nl;wegen;Beheerder;engels\nb@x.nl;wegen;;nl-NL\nbekend@x.nl;wegen;editor;en")
    )
    assert dict(Access.objects.values_list("user__email", "role")) == {
        "a@x.nl": "manager",
        "b@x.nl": "reader",
        "bekend@x.nl": "editor",
    }
    assert dict(User.objects.filter(email__endswith="x.nl").values_list("email", "language")) == {
        "a@x.nl": "en",
        "b@x.nl": "nl",
        "bekend@x.nl": known.language,
    }
    given = AuditEntry.objects.filter(event="access_given", subject_name__startswith="a@").get()
    assert given.detail["role"] == "manager"


def test_unknown_role_or_language_is_told_with_the_words_that_work(environment: Environment) -> None:
    batch = offer(
        environment, f"{ROLES}a@x.nl;wegen;baas;\nb@x.nl;wegen;lezer;Frans\nc@x.nl;;beheerder;\nd@x.nl;;lezer;en"
    )
    assert {line.number: line.sentence for line in batch.lines.all()} == {
        2: "“baas” is geen rol. Schrijf lezer, bewerker of beheerder.",
        3: "“Frans” is geen taal. Schrijf Nederlands of Engels.",
        4: "Er staat een rol in deze regel, maar geen omgeving.",
        5: "",
    }


def test_access_that_exists_keeps_its_role(environment: Environment) -> None:
    known = UserFactory(email="bekend@x.nl", organisation=environment.organisation)
    Access.objects.create(user=known, environment=environment, role="manager")
    carried_out(offer(environment, f"{ROLES}bekend@x.nl;wegen;lezer;"))
    assert Access.objects.get().role == "manager"


def test_every_role_and_language_has_its_words_in_both_languages() -> None:
    assert list(choices.ROLES) == Role.values
    assert set(choices.LANGUAGES) == {code for code, _name in settings.LANGUAGES}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            assert [choices.role_of(str(role.label)) for role in Role] == Role.values
            assert [choices.language_of(str(name)) for _code, name in settings.LANGUAGES] == ["nl", "en"]


def test_known_person_keeps_name_and_other_environments(environment: Environment) -> None:
    known = UserFactory(email="bekend@x.nl", first_name="Eigen", organisation=environment.organisation)
    other = EnvironmentFactory(people=[known])
    carried_out(offer(environment, "bekend@x.nl;Vreemd;Vreemd;wegen"))
    known.refresh_from_db()
    assert known.first_name == "Eigen"
    assert set(known.access.values_list("environment", flat=True)) == {environment.pk, other.pk}


def test_list_is_confirmed_once(environment: Environment) -> None:
    batch = carried_out(offer(environment, "nieuw@x.nl"))
    assert not imports.confirm(batch, batch.made_by, HERE)
    assert not import_processing.claim(batch.pk), "a finished list is nobody's work"
    import_processing.carry_out(batch.pk)
    assert AuditEntry.objects.filter(event="invited").count() == 1


def test_unconfirmed_list_is_never_carried_out(environment: Environment) -> None:
    batch = offer(environment, "nieuw@x.nl")
    import_processing.carry_out(batch.pk)
    assert not User.objects.filter(email="nieuw@x.nl").exists()


@pytest.mark.parametrize("change", ["no staff", "not active", "no right", "another organisation"])
def test_worker_who_lost_the_right_meanwhile_invites_nobody(environment: Environment, change: str) -> None:
    batch = offer(environment, "nieuw@x.nl")
    assert imports.confirm(batch, batch.made_by, HERE)
    match change:
        case "no staff":
            User.objects.filter(pk=batch.made_by_id).update(is_staff=False)
        case "not active":
            User.objects.filter(pk=batch.made_by_id).update(is_active=False)
        case "no right":
            batch.made_by.groups.clear()
        case _:
            Membership.objects.filter(user=batch.made_by).update(organisation=EnvironmentFactory().organisation)
    import_processing.carry_out(batch.pk)
    assert lines(batch) == [(1, "failed", "may_not_invite")]
    assert not User.objects.filter(email="nieuw@x.nl").exists()


def test_access_cannot_be_given_by_who_may_only_invite(environment: Environment) -> None:
    worker = administrator(environment.organisation)
    group = worker.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="add_access"))
    assert lines(offer(environment, "a@x.nl;;;wegen\nb@x.nl", worker)) == [(1, "wrong", "may_not_give"), (2, "new", "")]


def test_what_changed_since_the_list_was_shown_fails_alone(environment: Environment) -> None:
    batch = offer(environment, "a@x.nl;;;wegen\nb@x.nl\nc@x.nl\nd@x.nl")
    UserFactory(email="B@x.nl")
    UserFactory(email="c@x.nl", organisation=environment.organisation)
    Environment.objects.filter(pk=environment.pk).update(name="Anders", slug="anders")
    carried_out(batch)
    assert lines(batch) == [
        (1, "failed", "no_such_environment"),
        (2, "failed", "elsewhere"),
        (3, "done", ""),
        (4, "done", ""),
    ]
    assert invited(batch) == 1


def test_line_that_the_database_refuses_stops_nothing_but_itself(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = offer(environment, "a@x.nl\nb@x.nl\nc@x.nl")
    validate = imports.LineValidator.validate

    def meanwhile(self: imports.LineValidator, line: ImportLine) -> None:
        validate(self, line)
        if line.number == 2:  # somebody else adds the same person in this very moment
            UserFactory(email="B@x.nl")

    monkeypatch.setattr(imports.LineValidator, "validate", meanwhile)
    carried_out(batch)
    assert lines(batch) == [(1, "done", ""), (2, "failed", "fault"), (3, "done", "")]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_invite_everybody_exactly_once(environment: Environment) -> None:
    people = limits.IMPORT_BATCH * 2 + 3
    batch = offer(environment, "\n".join(f"p{number}@x.nl;;;wegen" for number in range(people)))
    assert imports.confirm(batch, batch.made_by, HERE)

    def work() -> None:  # without the lease, as when it ran out under somebody who still works
        while import_processing.process_batch(batch.pk):
            pass

    at_once([partial(import_processing.carry_out, batch.pk), work, work, work])
    assert invited(batch) == people
    assert AuditEntry.objects.filter(event="invited").count() == people
    assert len(mails()) == people
    assert User.objects.filter(email__endswith="@x.nl").count() == people


@pytest.mark.django_db(transaction=True)
def test_one_of_many_confirmations_counts(environment: Environment) -> None:
    batch = offer(environment, "a@x.nl")
    assert at_once([partial(imports.confirm, batch, batch.made_by, HERE)] * 4).count(True) == 1
    assert AuditEntry.objects.filter(event="people_imported").count() == 1


def test_only_one_holds_a_list_until_it_counts_as_interrupted(environment: Environment) -> None:
    batch = offer(environment, "a@x.nl")
    imports.confirm(batch, batch.made_by, HERE)
    assert not PeopleImport.objects.get().is_stalled, "a worker takes it soon"
    assert import_processing.claim(batch.pk)
    assert not import_processing.claim(batch.pk)
    with time_machine.travel(timezone.now() + 2 * limits.IMPORT_LEASE + timedelta(seconds=1)):
        assert PeopleImport.objects.get().is_stalled
        assert import_processing.claim(batch.pk)


def test_interrupted_list_goes_on_where_it_stopped(environment: Environment) -> None:
    people = limits.IMPORT_BATCH + 5
    batch = offer(environment, "\n".join(f"p{number}@x.nl" for number in range(people)))
    imports.confirm(batch, batch.made_by, HERE)
    assert import_processing.claim(batch.pk)
    assert import_processing.process_batch(batch.pk)
    with time_machine.travel(timezone.now() + 2 * limits.IMPORT_LEASE + timedelta(seconds=1)):
        call_command("purge", verbosity=0)
        run_tasks()
    assert invited(batch) == people
    assert AuditEntry.objects.filter(event="invited").count() == people


def test_interrupted_list_is_enqueued_once_however_often_its_page_asks(environment: Environment) -> None:
    batch = offer(environment, "a@x.nl")
    imports.confirm(batch, batch.made_by, HERE)
    run_tasks()
    PeopleImport.objects.update(finished_at=None, held_until=timezone.now() - limits.IMPORT_LEASE)
    assert [imports.go_on(batch) for _ in range(3)] == [True, False, False]
    assert DBTaskResult.objects.ready().filter(task_path__endswith="carry_out_list").count() == 1
    run_tasks()
    assert PeopleImport.objects.get().finished_at


def test_old_lists_are_deleted_with_what_they_hold(environment: Environment) -> None:
    worker = superuser()
    unconfirmed, done = offer(environment, "a@x.nl", worker), carried_out(offer(environment, "b@x.nl", worker))
    with time_machine.travel(timezone.now() + limits.IMPORT_UNCONFIRMED_KEPT + timedelta(minutes=1)):
        call_command("purge", verbosity=0)
    assert list(PeopleImport.objects.all()) == [done]
    with time_machine.travel(timezone.now() + limits.IMPORT_KEPT + timedelta(minutes=1)):
        call_command("purge", verbosity=0)
    assert not PeopleImport.objects.exists()
    assert not ImportLine.objects.exists()
    assert not PeopleImport.objects.filter(pk=unconfirmed.pk).exists()


def test_confirmation_enqueues_the_work(environment: Environment) -> None:
    batch = offer(environment, "a@x.nl\nb@x.nl")
    imports.confirm(batch, batch.made_by, HERE)
    run_tasks()
    batch.refresh_from_db()
    assert batch.finished_at is not None
    assert invited(batch) == 2


def test_list_makes_way_for_other_tasks_and_goes_on_behind_them(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "IMPORT_BATCH", 2)
    monkeypatch.setattr(limits, "IMPORT_TURN", timedelta(0))
    long = offer(environment, "\n".join(f"p{number}@x.nl" for number in range(6)))
    short = offer(environment, "q@x.nl", long.made_by)
    for batch in (long, short):
        imports.confirm(batch, batch.made_by, HERE)
    run_tasks()
    for batch in (long, short):
        batch.refresh_from_db()
    assert short.finished_at < long.finished_at
    assert invited(long) == 6


def test_list_that_another_worker_holds_is_tried_again_after_its_lease(environment: Environment) -> None:
    batch = offer(environment, "a@x.nl")
    imports.confirm(batch, batch.made_by, HERE)
    assert import_processing.claim(batch.pk)  # a worker that is killed now
    run_tasks()
    assert invited(batch) == 0
    with time_machine.travel(timezone.now() + limits.IMPORT_LEASE + timedelta(seconds=1)):
        run_tasks()
    assert invited(batch) == 1


def test_invitations_of_a_list_let_every_other_mail_go_first(environment: Environment) -> None:
    person = UserFactory(email="vergeten@x.nl")
    carried_out(offer(environment, "\n".join(f"p{number}@x.nl" for number in range(10))))
    passwords.send_reset_link(person.email, HERE)
    running.Runner("a thread").run(Q(queue_name=queues.URGENT_MAIL))
    assert [message.to for message in outbox.outbox] == [["vergeten@x.nl"]]
    run_tasks()
    assert len(outbox.outbox) == 11
