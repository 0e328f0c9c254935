"""A person's data as a file, and removal from everything, also from the audit trail, which stays verifiable."""

from __future__ import annotations

import base64
import io
import json

import pytest
from django.apps import apps

from accounts.audit import chain, export, export_check, verification
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry, AuditSeal, Erasure
from accounts.audit.origin import CONSOLE, Origin
from accounts.audit.recording import record
from accounts.models import User
from accounts.privacy import personal_data, removal
from accounts.support.interventions import flows as interventions
from accounts.support.models import Kind
from accounts.two_factor.models import Authenticator, RecoveryCode, RecoveryCodeSet
from accounts.two_factor.recovery_codes import flows as recovery_codes
from tests.factories import EnvironmentFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS, FORMER = "jan.jansen@voorbeeld.nl", "jan.oud@voorbeeld.nl"
PHONE = Origin("192.0.2.77", "Mozilla/5.0 (Jan)")


@pytest.fixture
def jan() -> User:
    """Somebody who occurs everywhere: did things, had things done, changed address, works for others."""
    organisation = OrganisationFactory(name="Gemeente")
    person = UserFactory(email=ADDRESS, first_name="Jan", last_name="Jansen", organisation=organisation, with_totp=True)
    other = UserFactory(email="piet@voorbeeld.nl")
    EnvironmentFactory(organisation=organisation, people=[person])
    record(Event.SIGNED_IN, subject=person, origin=PHONE, detail={"factor": "totp"})
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
        for word in (ADDRESS, FORMER, "jansen", "192.0.2.77", "(jan)", "jan is weg", "gestolen")
        if word in everything_stored()
    }
    assert len(told) == 7
    number, alias = AuditEntry.objects.count(), f"#{jan.pk}"
    assert removal.remove(jan, "gevraagd", CONSOLE).entries >= 5
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


def test_file_holds_every_table_and_no_secret(jan: User) -> None:
    text = json.dumps(personal_data.export(jan, CONSOLE), ensure_ascii=False)
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
