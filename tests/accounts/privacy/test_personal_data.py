"""A person's data as a file, and removal from everything, also from the audit trail, which stays verifiable."""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from pytest_django import Settings

from accounts import limits
from accounts.audit import chain, export, export_check, verification
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, AuditSeal, Erasure
from accounts.audit.origin import CONSOLE, Origin
from accounts.audit.recording import record
from accounts.email_address import flows as addresses
from accounts.mail.models import OutgoingMail
from accounts.models import User
from accounts.privacy import personal_data, removal
from accounts.support.interventions import flows as interventions
from accounts.support.models import Kind
from accounts.two_factor.models import Authenticator, RecoveryCode, RecoveryCodeSet
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.background import run_tasks
from tests.conftest import mails, outlive_proof, prove
from tests.environments.people.staff import administrator_of
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory
from tests.mail_server import mail_server
from tests.pages import shown, signed_in

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS, FORMER, UNCONFIRMED = "jan.jansen@voorbeeld.nl", "jan.oud@voorbeeld.nl", "jan.anders@voorbeeld.nl"
PHONE = Origin("192.0.2.77", "Mozilla/5.0 (Jan)")


@pytest.fixture
def jan() -> User:
    """Somebody who occurs everywhere: did things, had things done, changed address, works for others."""
    organisation = OrganisationFactory(name="Gemeente")
    person = UserFactory(email=ADDRESS, first_name="Jan", last_name="Jansen", organisation=organisation, with_totp=True)
    other = UserFactory(email="piet@voorbeeld.nl")
    EnvironmentFactory(organisation=organisation, people=[person])
    record(Event.SIGNED_IN, subject=person, origin=PHONE, detail={"factor": "totp"})
    addresses.request_change(person, UNCONFIRMED, PHONE)
    person.refresh_from_db()
    changed = {"before": FORMER, "after": ADDRESS}
    record(Event.ADDRESS_CHANGED_BY_PERSON, subject=person, origin=PHONE, detail=changed)
    record(
        Event.RIGHTS_CHANGED, subject=other, actor=person, origin=PHONE, reason=f"zie {FORMER}", detail={"by": ADDRESS}
    )
    record(Event.DEACTIVATED, subject=person, actor=other, origin=Origin("192.0.2.1", "Firefox"), reason="Jan is weg")
    record(Event.GROUP_CHANGED, subject=None, actor=other, origin=CONSOLE, detail={"members": f"x, {ADDRESS.upper()}"})
    recovery_codes.make(person, CONSOLE)
    interventions.act(interventions.InterventionRequest(Kind.END_SESSIONS, person, None, "gestolen"), CONSOLE)
    chain.seal(everything=True)
    return person


def exported() -> bytes:
    batches = [list(AuditEntry.objects.order_by("pk"))]
    return "".join(export.json_lines(batches, export.Metadata("x", "2026-01-01", {}))).encode()


def is_whole(file: bytes) -> bool:
    return export_check.check(io.BytesIO(file))[2] == ""


def everything_stored() -> str:
    rows = (row for model in apps.get_models(include_auto_created=True) for row in model._base_manager.values())
    return "\n".join(str({**row}) for row in rows).lower()


def test_person_is_gone_from_everything_and_the_trail_is_whole(jan: User) -> None:
    before, seals = exported(), list(AuditSeal.objects.values_list())
    User.objects.filter(pk=jan.pk).update(is_active=False)
    jan.refresh_from_db()
    told = {
        word
        for word in (ADDRESS, FORMER, UNCONFIRMED, "jansen", "192.0.2.77", "(jan)", "jan is weg", "gestolen")
        if word in everything_stored()
    }
    assert len(told) == 8
    number, alias = AuditEntry.objects.count(), f"#{jan.pk}"
    assert removal.remove(jan, "gevraagd", CONSOLE).entries >= 5
    assert [message.to for message in mails()][-1:] == [[ADDRESS]]
    assert [word for word in told if word in everything_stored()] == []
    assert AuditEntry.objects.count() == number + 1
    assert list(AuditSeal.objects.values_list())[: len(seals)] == seals
    chain.seal(everything=True)
    found = verification.verify(head=seals[-1][2])
    assert (found.broken, found.unauthentic, found.head_found) == ("", 0, True)
    assert chain.reason_not_to_seal() == ""
    assert is_whole(before)
    assert is_whole(exported())
    other = AuditEntry.objects.get(event="rights_changed")
    assert (other.actor_name, other.reason, other.subject_name) == (alias, f"zie {alias}", "piet@voorbeeld.nl")


def test_entry_that_is_changed_after_or_without_an_erasure_is_a_break(jan: User) -> None:
    jan.is_active = False
    jan.save()
    removal.remove(jan, "gevraagd", CONSOLE)
    chain.seal(everything=True)
    entry = AuditEntry.objects.get(event="deactivated")
    entries = AuditEntry._base_manager.filter(pk=entry.pk)
    entries.update(event="reactivated")
    assert f"entry {entry.pk} or its seal" in verification.verify().broken
    assert not is_whole(exported())
    entries.update(event="deactivated")
    assert verification.verify().broken == ""
    # An erasure without the key, of an entry that somebody changed.
    last = AuditEntry.objects.exclude(pk__in=Erasure.objects.values("pk")).order_by("pk").last()
    AuditEntry._base_manager.filter(pk=last.pk).update(reason="iets anders")
    row = Erasure.objects.get(pk=entry.pk)
    Erasure.objects.create(entry_id=last.pk, key_id=row.key_id, mac=row.mac)
    assert f"entry {last.pk} or its seal" in verification.verify().broken


def test_nothing_is_removed_of_whom_it_must_not_be(jan: User) -> None:
    assert "Deactivate" in removal.remove(jan, "gevraagd", CONSOLE).refusal
    jan.is_active = False
    jan.save()
    assert "must not name" in removal.remove(jan, f"voor {ADDRESS}", CONSOLE).refusal
    entry = AuditEntry.objects.filter(subject=jan).last()
    AuditEntry._base_manager.filter(pk=entry.pk).update(reason="veranderd")
    stored = everything_stored()
    assert f"entry {entry.pk} is not as it was sealed" in removal.remove(jan, "gevraagd", CONSOLE).refusal
    assert everything_stored() == stored


def test_file_holds_every_table_and_no_secret(jan: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_BATCH", 2)
    text = "".join(personal_data.export(jan, CONSOLE))
    content = json.loads(text)
    assert content["uitleg"]
    assert {ADDRESS, "Jan", "Jansen"} <= set(content["persoon"].values())
    tables = " ".join(content["gegevens"])
    for model, names in personal_data.models_about_people():
        there = any(model._base_manager.filter(**{name: jan}).exists() for name in names)
        assert (f"({model._meta.label})" in tables) == there, model
    assert "support.Intervention" in tables
    assert len(content["beveiligingsactiviteit"]) == AuditEntry.objects.filter(subject=jan).count() + 1
    secret = Authenticator.objects.get(user=jan).secret()
    codes = RecoveryCodeSet.objects.get(user=jan)
    secrets = [jan.password, bytes(codes.salt).hex(), *RecoveryCode.objects.values_list("digest", flat=True)]
    secrets += [secret.hex(), base64.b32encode(secret).decode(), base64.b64encode(secret).decode()]
    assert [one for one in secrets if one in text] == []


@pytest.mark.parametrize(("answer", "ends"), [("", 0), ("550 <{}> is gone", 0), ("451 later, <{}>", 1)])
def test_last_mail_says_that_the_account_is_gone_and_leaves_nothing_behind(
    settings: Settings, caplog: pytest.LogCaptureFixture, answer: str, ends: int
) -> None:
    """Whether the mail server takes it, refuses it for good, or does not take it for a day."""
    person = UserFactory(email=ADDRESS, first_name="Jan", last_name="Jansen", is_active=False)
    with mail_server(settings) as server:
        if answer:
            server.refuse("RCPT", answer.format(ADDRESS))
        removal.remove(person, "gevraagd", CONSOLE)
        waiting = OutgoingMail.objects.get()
        assert (waiting.to, waiting.person_id) == (ADDRESS, None)
        assert b"Jan" not in bytes(waiting.content), "it is sealed"
        run_tasks()
        while mail := OutgoingMail.objects.first():
            with time_machine.travel(mail.next_try_at + timedelta(milliseconds=1), tick=False):
                run_tasks()
        taken = dict(zip(server.recipients, server.texts, strict=True))
    assert list(taken) == ([] if answer else [ADDRESS])
    assert all("Hallo Jan" in body and "verwijderd, met alles wat we over je" in body for body in taken.values())
    assert [word for word in (ADDRESS, "jansen") if word in everything_stored()] == []
    assert [record.levelname for record in caplog.records].count("CRITICAL") == ends
    assert ADDRESS not in caplog.text


def test_superuser_downloads_the_same_file_after_fresh_proof(jan: User) -> None:
    address = f"/beheer/mensen/{jan.pk}/gegevens/"
    boss = UserFactory(email="baas@voorbeeld.nl", superuser=True, with_totp=True)
    client = signed_in(boss)
    assert f'action="{address}"' in shown(client, f"/beheer/accounts/user/{jan.pk}/change/")
    assert client.get(address).status_code == 405
    outlive_proof(client)
    assert client.post(address).url.startswith("/bevestig-identiteit/")
    assert not AuditEntry.objects.filter(event=Event.PERSON_EXPORTED).exists()
    prove(client)
    answer = client.post(address)
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="persoon-{jan.pk}-')
    there = json.loads(answer.getvalue())
    here = json.loads("".join(personal_data.export(jan, CONSOLE)))
    assert there["persoon"] == here["persoon"]
    assert there["gegevens"] == here["gegevens"]
    assert there["beveiligingsactiviteit"] == here["beveiligingsactiviteit"][:-1], "the second export is recorded too"
    entry = AuditEntry.objects.filter(event=Event.PERSON_EXPORTED).earliest("pk")
    assert (entry.subject, entry.actor) == (jan, boss)
    assert entry.organisation_id == jan.membership.organisation_id


def test_nobody_else_downloads_it(jan: User) -> None:
    clerk = administrator_of(jan.membership.organisation)
    prove(clerk)
    assert clerk.post(f"/beheer/mensen/{jan.pk}/gegevens/").status_code == 403
    assert f"{jan.pk}/gegevens/" not in shown(clerk, f"/beheer/accounts/user/{jan.pk}/change/")
