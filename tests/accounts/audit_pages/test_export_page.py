"""Exporting what was found: after fresh proof, recorded, limited, and a file that can be checked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import limits
from accounts.audit import export_check
from accounts.audit.events import Event
from accounts.audit.models import AuditEntry
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from tests.accounts.audit_pages.staff import EXPORT, administrator_of, superuser
from tests.codes import code_of
from tests.conftest import outlive_proof
from tests.factories import PASSWORD, OrganisationFactory, UserFactory
from tests.pages import shown, text

pytestmark = pytest.mark.django_db

ORIGIN = Origin("192.0.2.7", "Testbrowser")
FOUND = {"event": "wait_lifted"}


@pytest.fixture
def client() -> Iterator[Client]:
    person = UserFactory(email="piet@voorbeeld.nl")
    for _ in range(3):
        record(Event.WAIT_LIFTED, subject=person, origin=ORIGIN)
        record(Event.PASSWORD_CHANGED, subject=person, origin=ORIGIN)
    return superuser()


def exports() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(event=Event.AUDIT_EXPORTED))


def test_page_tells_what_will_be_exported_and_that_it_is_recorded(client: Client) -> None:
    page = shown(client, f"{EXPORT}?event=wait_lifted&result=succeeded&since=2020-01-01")
    for fact in ("Dit zijn 3 regels.", "We leggen vast", "Wachttijd opgeheven", "gelukt", "1 januari 2020"):
        assert fact in page, fact
    assert exports() == []  # looking exports nothing


def test_spreadsheet_holds_what_was_found_and_nothing_else(client: Client) -> None:
    answer = client.post(EXPORT, FOUND | {"format": "csv"})
    content = b"".join(answer).decode()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].endswith('.csv"')
    assert "no-store" in answer["Cache-Control"]
    assert content.count("\r\n") == 1 + 3
    assert "Wachtwoord gewijzigd" not in content


def test_lines_of_json_are_sealed_and_pass_the_check(client: Client) -> None:
    content = b"".join(client.post(EXPORT, FOUND | {"format": "jsonl"}))
    reader, _line, broken = export_check.check(io.BytesIO(content))
    assert (broken, reader.entries, reader.sealed) == ("", 3, 3)
    assert reader.metadata["made_by"] == "baas@assetmaps.nl"
    assert reader.metadata["filters"] == {"Wat er gebeurde": "Wachttijd opgeheven door support"}


def test_export_is_recorded_with_who_what_and_how_many_before_the_first_line(client: Client) -> None:
    client.post(EXPORT, FOUND | {"format": "csv", "person": "piet"})  # nobody reads the lines
    (entry,) = exports()
    assert entry.actor_name == "baas@assetmaps.nl"
    assert entry.detail["kind"] == "csv"
    assert entry.detail["count"] == 3
    assert "piet" in entry.detail["filters"]
    assert "Wachttijd opgeheven" in entry.detail["filters"]
    assert entry.reference


def test_organisation_sees_that_its_entries_were_exported() -> None:
    ours = OrganisationFactory()
    record(Event.WAIT_LIFTED, subject=UserFactory(organisation=ours), origin=ORIGIN)
    b"".join(administrator_of(ours).post(EXPORT, {"format": "csv"}))
    b"".join(superuser().post(EXPORT, {"format": "csv", "organisation": ours.name}))
    assert [entry.organisation_id for entry in exports()] == [ours.pk, ours.pk]
    assert f"Organisatie: {ours.name}" in exports()[0].detail["filters"]


# ASVS 7.5.1
@pytest.mark.parametrize("method", ["get", "post"])
def test_export_asks_for_fresh_proof(client: Client, method: str) -> None:
    outlive_proof(client)
    answer = getattr(client, method)(EXPORT, FOUND | {"format": "csv"})
    assert answer.status_code == 302
    assert answer.url.startswith("/bevestig-identiteit/")
    assert exports() == []


def test_export_that_waited_for_the_proof_has_the_same_filters(client: Client) -> None:
    outlive_proof(client)
    page = client.post(EXPORT, FOUND | {"format": "csv"}).url
    person = AuditEntry.objects.filter(event=Event.SIGNED_IN).last().subject
    target = parse_qs(urlsplit(page).query)["next"][0]
    with time_machine.travel(timezone.now() + limits.TOTP_STEP * 2):
        answer = client.post(page, {"password": PASSWORD, "code": code_of(person), "next": target})
        content = b"".join(answer).decode()
    assert content.count("\r\n") == 1 + 3


def test_too_many_lines_are_refused_with_a_way_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_ROWS", 2)
    page = shown(client, f"{EXPORT}?event=wait_lifted")
    assert "Dit zijn meer dan 2 regels. Kies een kortere periode" in page
    assert 'name="format"' not in page
    assert "export_audit_trail" in shown(client, EXPORT, FOUND | {"format": "csv"})
    assert exports() == []


@pytest.mark.parametrize("kind", ["", "xlsx", "\x00"])
def test_unknown_kind_of_file_is_refused_and_the_filters_stay(client: Client, kind: str) -> None:
    answer = client.post(EXPORT, FOUND | {"format": kind})
    assert answer.url == f"{EXPORT}?event=wait_lifted"
    page = text(client.get(answer.url))
    assert "Kies een soort bestand" in page
    assert exports() == []


def test_refused_filter_leads_back_to_the_search(client: Client) -> None:
    answer = client.post(EXPORT, {"since": "gisteren", "format": "csv"})
    assert answer.url == "/beheer/activiteit/?since=gisteren"
    assert client.get(f"{EXPORT}?organisation=zomaar").status_code == 302
    assert exports() == []


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export_audit_trail", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_command_exports_more_than_a_page_may_and_is_recorded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_ROWS", 2)
    before = AuditEntry.objects.count()
    content = command()
    reader, _line, broken = export_check.check(io.BytesIO(content.encode()))
    assert (broken, reader.entries) == ("", before)
    (entry,) = exports()
    assert (entry.actor, entry.actor_name, entry.detail["kind"]) == (None, "manage.py", "jsonl")


def test_command_takes_a_period_an_organisation_and_a_format(client: Client, tmp_path: Path) -> None:
    ours = OrganisationFactory(slug="utrecht")
    record(Event.WAIT_LIFTED, subject=UserFactory(organisation=ours, email="ons@voorbeeld.nl"), origin=ORIGIN)
    path = tmp_path / "activiteit.csv"
    command("--organisation", "utrecht", "--format", "csv", "--from", "2020-01-01", "--output", str(path))
    content = path.read_bytes().decode()
    assert content.count("\r\n") == 2
    assert "ons@voorbeeld.nl" in content
    assert command("--format", "csv", "--to", "2020-01-01").count("\r\n") == 1
    with pytest.raises(CommandError, match="could not be written"):
        command("--output", str(path))  # never over another file


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--organisation", "zomaar"], "no organisation with the short name zomaar"),
        (["--from", "2026-02-02", "--to", "2026-02-01"], "--to lies before --from"),
        (["--from", "gisteren"], "invalid _day value"),
        (["--to", "9999-12-31"], "invalid _day value"),
        (["--format", "xlsx"], "invalid choice"),
    ],
)
def test_command_refuses_what_makes_no_sense(arguments: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        command(*arguments)
