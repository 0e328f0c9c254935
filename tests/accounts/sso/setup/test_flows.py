"""Changing a connection: what may be changed when, what is encrypted, and what is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import limits
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.organisations.models import Organisation, SecondStep
from accounts.sso.credentials import flows as credentials
from accounts.sso.credentials.key_pairs import Kind
from accounts.sso.inspection.findings import Finding
from accounts.sso.models import ClientProof, Connection, MissingProof, Vouching
from accounts.sso.refusal_reasons import Reason, RefusedError
from accounts.sso.setup import flows, readiness
from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.readiness import Missing
from tests.factories import OrganisationFactory, UserFactory
from tests.pages import at_once

pytestmark = pytest.mark.django_db

HERE = Origin("192.0.2.7", "Testbrowser")
ISSUER = "https://login.voorbeeld.nl"
WELL = [Finding("reached").stored(), Finding("issuer_same").stored()]


class Document:
    """A reader with an answer of its own; the one over the network has tests of its own."""

    def __init__(self, document: Mapping[str, Any] | Reason) -> None:
        self.answer = document

    def document(self, issuer: str) -> Mapping[str, Any]:
        if isinstance(self.answer, Reason):
            raise RefusedError(self.answer)
        return self.answer

    def is_safe(self, address: str) -> bool:
        return True

    def has_keys(self, issuer: str, document: Mapping[str, Any]) -> bool:
        return True


@pytest.fixture
def town() -> Organisation:
    return OrganisationFactory(name="Gemeente", slug="gemeente")


@pytest.fixture
def by(town: Organisation) -> dict[str, Any]:
    return {"actor": UserFactory(staff=True, organisation=town), "origin": HERE}


def ready(organisation: Organisation, **fields: Any) -> Connection:
    """Everything that switching on requires."""
    now = timezone.now()
    usual = {"issuer": ISSUER, "client_id": "portaal", "findings": WELL, "tested_at": now, "secret_set_at": now}
    made = Connection(organisation=organisation, **usual | fields)
    made.set_secret("heel geheim")
    made.save()
    return made


def demand_business_account(organisation: Organisation) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(second_step=SecondStep.BUSINESS_ACCOUNT)


def test_provider_is_kept_and_recorded(town: Organisation, by: dict[str, Any]) -> None:
    assert flows.save_provider(town, ISSUER, "portaal", **by) is Outcome.DONE
    connection = Connection.objects.get()
    assert (connection.organisation, connection.issuer, connection.enabled) == (town, ISSUER, False)
    entry = AuditEntry.objects.get(event="sso_changed")
    assert entry.detail == {"issuer": ISSUER, "client_id": "portaal"}
    assert (entry.organisation, entry.actor, entry.address) == (town, by["actor"], "192.0.2.7")


def test_saving_the_same_again_changes_and_records_nothing(town: Organisation, by: dict[str, Any]) -> None:
    ready(town)
    assert flows.save_provider(town, ISSUER, "portaal", **by) is Outcome.UNCHANGED
    assert Connection.objects.get().tested_at is not None
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("change", [(ISSUER, "ander"), (f"{ISSUER}/", "portaal")])
def test_another_provider_makes_everything_that_was_tried_void(
    town: Organisation, by: dict[str, Any], change: tuple[str, str]
) -> None:
    now = timezone.now()
    ready(town, worked_at=now, failed_at=now, failure="too_slow", checked_at=now)
    assert flows.save_provider(town, *change, **by) is Outcome.DONE
    fresh = Connection.objects.get()
    assert (fresh.findings, fresh.checked_at, fresh.tested_at) == ([], None, None)
    assert (fresh.worked_at, fresh.failed_at, fresh.failure) == (None, None, "")


def test_provider_that_is_on_is_not_exchanged_under_the_feet_of_its_people(
    town: Organisation, by: dict[str, Any]
) -> None:
    ready(town, enabled=True)
    assert flows.save_provider(town, "https://anders.nl", "portaal", **by) is Outcome.SWITCHED_ON
    assert Connection.objects.get().issuer == ISSUER


# ASVS 11.3.2, 14.2.6
def test_secret_is_sealed_for_this_organisation_and_in_no_entry(town: Organisation, by: dict[str, Any]) -> None:
    flows.save_provider(town, ISSUER, "portaal", **by)
    assert credentials.set_secret(town, "heel geheim", date(2030, 1, 2), **by) is Outcome.DONE
    connection = Connection.objects.get()
    assert connection.secret() == "heel geheim"
    assert b"geheim" not in bytes(connection.sealed_secret)
    assert connection.secret_expires_on == date(2030, 1, 2)
    assert AuditEntry.objects.get(event="sso_secret_set").detail == {"expires_on": "2030-01-02"}
    assert "heel geheim" not in str(list(AuditEntry.objects.values()))


def test_new_secret_takes_the_place_of_a_key_pair_and_must_be_tried(town: Organisation, by: dict[str, Any]) -> None:
    ready(town, client_proof=ClientProof.KEY_PAIR, key_id="x", certificate="x", sealed_private_key=b"x", warned_days=7)
    credentials.set_secret(town, "nieuw", None, **by)
    connection = Connection.objects.get()
    assert connection.client_proof == ClientProof.SECRET
    assert (bytes(connection.sealed_private_key), connection.key_id, connection.certificate) == (b"", "", "")
    assert (connection.tested_at, connection.warned_days, connection.findings) == (None, None, [])


def test_key_pair_waits_while_the_secret_goes_on_working(town: Organisation, by: dict[str, Any]) -> None:
    ready(town, enabled=True)
    assert credentials.make_key_pair(town, Kind.EC, **by) is Outcome.DONE
    connection = Connection.objects.get()
    assert (connection.client_proof, connection.secret()) == (ClientProof.SECRET, "heel geheim")
    assert connection.tested_at is not None
    assert connection.next_key_id
    assert b"PRIVATE" not in bytes(connection.sealed_next_private_key)
    entry = AuditEntry.objects.get(event="sso_key_pair_made")
    assert entry.detail == {"key_id": connection.next_key_id, "kind": "ec"}


def test_key_pair_that_is_used_takes_the_place_of_the_secret(town: Organisation, by: dict[str, Any]) -> None:
    ready(town)
    credentials.make_key_pair(town, Kind.EC, **by)
    waiting = Connection.objects.get()
    assert credentials.use_key_pair(town, waiting.next_key_id, **by) is Outcome.DONE
    used = Connection.objects.get()
    assert (used.client_proof, bytes(used.sealed_secret)) == (ClientProof.KEY_PAIR, b"")
    assert used.private_key().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert (used.key_id, used.certificate) == (waiting.next_key_id, waiting.next_certificate)
    assert (used.next_key_id, used.next_certificate, bytes(used.sealed_next_private_key)) == ("", "", b"")
    assert used.secret_expires_on == timezone.localdate() + limits.SSO_KEY_LIFE


@pytest.mark.parametrize("key_id", ["", "van een eerdere pagina"])
def test_page_of_before_takes_no_other_pair_into_use(town: Organisation, by: dict[str, Any], key_id: str) -> None:
    ready(town)
    credentials.make_key_pair(town, Kind.EC, **by)
    assert credentials.use_key_pair(town, key_id, **by) is Outcome.NOT_READY
    assert Connection.objects.get().client_proof == ClientProof.SECRET


def test_nothing_can_be_used_that_was_not_made(town: Organisation, by: dict[str, Any]) -> None:
    ready(town)
    assert credentials.use_key_pair(town, "", **by) is Outcome.NOT_READY
    assert Connection.objects.get().secret() == "heel geheim"


def test_without_a_provider_nothing_else_can_be_set(town: Organisation, by: dict[str, Any]) -> None:
    assert credentials.set_secret(town, "x", None, **by) is Outcome.NO_PROVIDER
    assert credentials.make_key_pair(town, Kind.EC, **by) is Outcome.NO_PROVIDER
    assert flows.set_people(town, True, "", **by) is Outcome.NO_PROVIDER
    assert flows.set_emergency_account(town, None, **by) is Outcome.NO_PROVIDER
    assert flows.set_second_step(town, Vouching.OURS, "", MissingProof.REFUSE, **by) is Outcome.NO_PROVIDER
    assert flows.check(town, Document({})) is Outcome.NO_PROVIDER
    assert flows.switch_on(town, **by) == (
        Outcome.NOT_READY,
        [Missing.PROVIDER, Missing.PROOF, Missing.CHECK, Missing.TEST],
    )
    assert not Connection.objects.exists()
    assert not AuditEntry.objects.exists()


def test_who_vouches_is_kept_and_each_change_recorded(town: Organisation, by: dict[str, Any]) -> None:
    ready(town)
    assert flows.set_second_step(town, Vouching.AMR, "mfa", MissingProof.REFUSE, **by) is Outcome.DONE
    connection = Connection.objects.get()
    assert (connection.vouching, connection.vouching_value, connection.missing_proof) == ("amr", "mfa", "refuse")
    assert AuditEntry.objects.get().detail == {"vouching": "amr", "vouching_value": "mfa", "missing_proof": "refuse"}
    assert flows.set_second_step(town, Vouching.AMR, "mfa", MissingProof.REFUSE, **by) is Outcome.UNCHANGED


def test_arrival_is_kept_and_recorded(town: Organisation, by: dict[str, Any]) -> None:
    ready(town)
    assert flows.set_people(town, True, "groups", **by) is Outcome.DONE
    assert AuditEntry.objects.get().detail == {"make_on_arrival": "True", "group_claim": "groups"}


def test_emergency_account_is_of_the_organisation_active_and_with_a_password(
    town: Organisation, by: dict[str, Any]
) -> None:
    ready(town)
    stranger, former = UserFactory(organisation=OrganisationFactory()), UserFactory(organisation=town, is_active=False)
    without = UserFactory(organisation=town)
    without.set_unusable_password()
    without.save()
    for person in (stranger, former, without, UserFactory(superuser=True)):
        assert flows.set_emergency_account(town, person.pk, **by) is Outcome.NOT_A_MEMBER
    assert flows.set_emergency_account(town, 4711, **by) is Outcome.NOT_A_MEMBER
    assert flows.set_emergency_account(town, by["actor"].pk, **by) is Outcome.DONE
    assert AuditEntry.objects.get().detail == {"break_glass": by["actor"].email}


def test_emergency_account_stays_while_the_business_account_is_demanded(town: Organisation, by: dict[str, Any]) -> None:
    ready(town, enabled=True, break_glass=by["actor"])
    demand_business_account(town)
    assert flows.set_emergency_account(town, None, **by) is Outcome.DEMANDED
    assert Connection.objects.get().break_glass == by["actor"]
    assert flows.set_emergency_account(town, UserFactory(organisation=town).pk, **by) is Outcome.DONE


@pytest.mark.parametrize(
    ("fields", "lacking"),
    [
        ({"client_id": ""}, Missing.PROVIDER),
        ({"client_proof": ClientProof.KEY_PAIR}, Missing.PROOF),
        ({"secret_expires_on": date(2020, 1, 1)}, Missing.EXPIRED),
        ({"findings": []}, Missing.CHECK),
        ({"findings": [*WELL, Finding("pkce_wrong").stored()]}, Missing.CHECK),
        ({"tested_at": None}, Missing.TEST),
    ],
)
def test_nothing_is_switched_on_that_is_known_not_to_work(
    town: Organisation, by: dict[str, Any], fields: dict[str, Any], lacking: Missing
) -> None:
    ready(town, **fields)
    assert flows.switch_on(town, **by) == (Outcome.NOT_READY, [lacking])
    assert not Connection.objects.get().enabled


def test_switching_on_and_off_is_recorded_once_each(town: Organisation, by: dict[str, Any]) -> None:
    ready(town)
    assert flows.switch_on(town, **by) == (Outcome.DONE, [])
    assert Connection.objects.get().enabled
    assert flows.switch_on(town, **by) == (Outcome.UNCHANGED, [])
    assert flows.switch_off(town, **by) is Outcome.DONE
    assert flows.switch_off(town, **by) is Outcome.UNCHANGED
    events = AuditEntry.objects.order_by("pk").values_list("event", flat=True)
    assert list(events) == ["sso_switched_on", "sso_switched_off"]


def test_switching_off_would_shut_out_people_who_must_use_it(town: Organisation, by: dict[str, Any]) -> None:
    ready(town, enabled=True)
    demand_business_account(town)
    assert flows.switch_off(town, **by) is Outcome.DEMANDED
    assert Connection.objects.get().enabled


def test_check_keeps_what_was_found(town: Organisation) -> None:
    ready(town, findings=[])
    assert flows.check(town, Document({"issuer": "https://anders.nl"})) is Outcome.DONE
    fresh = Connection.objects.get()
    assert ["issuer_differs", "https://anders.nl"] in fresh.findings
    assert fresh.checked_at is not None
    assert flows.check(town, Document(Reason.TOO_SLOW)) is Outcome.DONE
    assert Connection.objects.get().findings == [["unreachable", ""]]


def test_findings_about_another_provider_are_dropped(town: Organisation, by: dict[str, Any]) -> None:
    ready(town, findings=[])

    class Slow(Document):
        def document(self, issuer: str) -> Mapping[str, Any]:
            flows.save_provider(town, "https://anders.nl", "portaal", **by)
            return {}

    flows.check(town, Slow({}))
    assert Connection.objects.get().findings == []


def test_checks_are_bounded_because_each_is_a_request_to_a_stranger(
    town: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SSO_CHECKS", 2)
    ready(town)
    assert [flows.check(town, Document({})) for _time in range(3)][-1] is Outcome.WAIT


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_begin_at_once_make_one_agreement() -> None:
    organisation, actor = OrganisationFactory(), UserFactory(superuser=True)
    found = at_once(
        [
            lambda n=n: flows.save_provider(organisation, f"https://login{n}.nl", "x", actor=actor, origin=HERE)
            for n in range(4)
        ]
    )
    assert set(found) == {Outcome.DONE}
    assert Connection.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_use_the_same_pair_at_once_use_it_once() -> None:
    organisation, actor = OrganisationFactory(), UserFactory(superuser=True)
    ready(organisation)
    credentials.make_key_pair(organisation, Kind.EC, actor=actor, origin=HERE)
    key_id = Connection.objects.get().next_key_id
    found = at_once([lambda: credentials.use_key_pair(organisation, key_id, actor=actor, origin=HERE)] * 3)
    assert sorted(one.name for one in found) == ["DONE", "NOT_READY", "NOT_READY"]
    assert Connection.objects.get().private_key()


@pytest.mark.django_db(transaction=True)
def test_switched_off_many_times_at_once_it_is_recorded_once() -> None:
    organisation, actor = OrganisationFactory(), UserFactory(superuser=True)
    ready(organisation, enabled=True)
    at_once([lambda: flows.switch_off(organisation, actor=actor, origin=HERE)] * 4)
    assert AuditEntry.objects.filter(event="sso_switched_off").count() == 1


def test_readiness_tells_the_days_that_are_left(town: Organisation) -> None:
    today = timezone.localdate()
    for days, soon, expired in ((31, False, False), (30, True, False), (0, True, False), (-1, True, True)):
        connection = Connection(organisation=town, secret_expires_on=today + timedelta(days=days))
        assert readiness.days_left(connection) == days
        assert (readiness.expires_soon(connection), readiness.is_expired(connection)) == (soon, expired)
    assert readiness.days_left(None) is None
    assert not readiness.expires_soon(Connection(organisation=town))


def test_flows_name_their_actor(town: Organisation) -> None:
    """An entry without who did it would be worth little."""
    actor = User.objects.create_user("iemand@voorbeeld.nl")
    flows.save_provider(town, ISSUER, "portaal", actor=actor, origin=HERE)
    assert AuditEntry.objects.get().actor_name == "iemand@voorbeeld.nl"


@pytest.mark.parametrize("field", ["sealed_secret", "sealed_next_private_key"])
def test_proof_that_our_side_cannot_read_must_be_set_anew(
    town: Organisation, by: dict[str, Any], field: str, caplog: pytest.LogCaptureFixture
) -> None:
    ready(town)
    credentials.make_key_pair(town, Kind.EC, **by)
    Connection.objects.update(**{field: b"\x01rommel"})
    connection = Connection.objects.get()
    if field == "sealed_secret":
        assert readiness.missing(connection) == [Missing.UNREADABLE]
        assert flows.switch_on(town, **by) == (Outcome.NOT_READY, [Missing.UNREADABLE])
        assert credentials.set_secret(town, "nieuw geheim", None, **by) is Outcome.DONE
        assert Missing.UNREADABLE not in readiness.missing(Connection.objects.get())
    else:
        assert credentials.use_key_pair(town, connection.next_key_id, **by) is Outcome.UNREADABLE
        assert Connection.objects.get().client_proof == ClientProof.SECRET, "what works stays in use"
        assert [one.levelname for one in caplog.records if "cannot be read" in one.getMessage()] == ["ERROR"]
