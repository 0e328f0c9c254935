"""Nothing is changed in the administration or by a command without entry, fresh proof, and mail to whom it touches."""

from __future__ import annotations

import getpass
from io import StringIO

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.management import call_command, get_commands
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from accounts.audit.models import AuditEntry
from accounts.lazy_views import load_administration
from accounts.models import User
from tests.changes import (
    ADMIN_CHANGES,
    FIELDS,
    FILLING,
    OF_DJANGO,
    READING,
    RUNNING,
    WRITING,
    Change,
    World,
    values_with,
)
from tests.conftest import mails, outlive_proof, prove
from tests.pages import signed_in
from tests.test_structure import walk

load_administration()

ASKS = "/bevestig-identiteit/?next="
# Views of the administration that ask for no fresh proof, and why: they only show something, or what they do opens
# nothing for anybody.
WITHOUT_PROOF = {
    # Show something, or search.
    "admin:index",
    "admin:app_list",
    "admin:jsi18n",
    "admin:autocomplete",
    "admin:view_on_site",
    "audit_activity",
    "audit_entry",
    "new_address",
    "organisations",
    "organisation_overview",
    "people_import",
    "people_import_progress",
    "people_import_wrong",
    "queue",
    "see_logo",
    "see_picture",
    "sso_certificate",
    "sso_organisations",
    "sso_setup",
    "sso_sign_in_test",
    "support_approvals",
    "support_bridge_code_shown",
    "support_caller_check",
    "support_find",
    "support_person",
    "support_reports",
    # Lead elsewhere.
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    # Take something back, or go on with what was confirmed with fresh proof.
    "people_import_continue",
    "people_import_discard",
    "support_cancel",
    # Offer a list: nobody is invited before it is confirmed.
    "people_invite",
    # Mails words to the person; what they open asks for fresh proof.
    "support_caller_check_send",
    # Begins at the provider, where the worker signs in.
    "sso_sign_in_test_begin",
}


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


def newest() -> int:
    return AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def entries_since(pk: int) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(pk__gt=pk).exclude(event="signed_in"))


@pytest.mark.django_db
def test_every_way_to_change_something_in_the_administration_is_described() -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("baas@voorbeeld.nl", None)
    found = set()
    for model, pages in admin.site._registry.items():
        may = {"add": pages.has_add_permission(request), "delete": pages.has_delete_permission(request)}
        may["change"] = pages.has_change_permission(request)
        found |= {(model._meta.label, what) for what, is_allowed in may.items() if is_allowed}
        found |= {(model._meta.label, what) for what in pages.get_actions(request)}
    assert found == set(ADMIN_CHANGES)


# ASVS 7.5.3, 8.3.1, 16.3.2
@pytest.mark.parametrize(("label", "what"), ADMIN_CHANGES)
def test_change_in_the_administration_asks_fresh_proof_is_recorded_and_told(
    world: World, label: str, what: str
) -> None:
    client, change = signed_in(world.boss), ADMIN_CHANGES[label, what](world)
    mails().clear()
    outlive_proof(client)
    before, noted = newest(), LogEntry.objects.count()
    assert client.post(change.address, change.values).url.startswith(ASKS)
    assert (newest(), LogEntry.objects.count(), mails()) == (before, noted, [])
    prove(client)
    answer = client.post(change.address, change.values)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    found = entries_since(before)
    assert {entry.event for entry in found} == change.events
    assert {entry.actor for entry in found} == {world.boss}
    assert {message.to[0] for message in mails()} == change.heard


def test_every_field_of_every_page_of_the_administration_is_described(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = world.boss
    rows = {type(row)._meta.label: row for row in (world.organisation, world.environment, world.person, world.group)}
    for model, pages in admin.site._registry.items():
        if not pages.has_change_permission(request):
            continue
        row = rows[model._meta.label]
        names = set(pages.get_form(request, row, change=True).base_fields)
        names |= {inline.model._meta.get_field("environment").remote_field.related_name for inline in pages.inlines}
        assert names - set(pages.get_readonly_fields(request, row)) == set(FIELDS[model._meta.label])


@pytest.mark.parametrize(("label", "name"), [(label, name) for label, fields in FIELDS.items() for name in fields])
def test_single_field_that_is_changed_leaves_an_entry_and_is_told(world: World, label: str, name: str) -> None:
    client = signed_in(world.boss)
    before = newest()
    address, values = values_with(world, label, name)
    mails().clear()
    answer = client.post(address, values)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert entries_since(before)
    assert {entry.actor for entry in entries_since(before)} == {world.boss}
    assert {message.to[0] for message in mails()} == FIELDS[label][name][1]


@pytest.mark.parametrize("label", FIELDS)
def test_page_that_is_saved_as_it_was_says_nothing_to_anybody(world: World, label: str) -> None:
    client, name = signed_in(world.boss), next(iter(FIELDS[label]))
    before = newest()
    address, _values = values_with(world, label, name)
    changed = Change(address, ADMIN_CHANGES[label, "change"](world).values, set(), set())
    mails().clear()
    page = client.get(address).context["adminform"].form
    same = {one: page[one].value() for one in page.fields if not isinstance(page[one].value(), bool)}
    same |= {one: "on" for one in page.fields if page[one].value() is True}
    rows = {key: value for key, value in changed.values.items() if "group_mappings" in key}
    answer = client.post(address, {key: value for key, value in (same | rows).items() if value is not None})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert entries_since(before) == []
    assert mails() == []


# ASVS 7.5.3
def test_every_view_of_the_administration_asks_fresh_proof_or_is_named_with_a_reason() -> None:
    views = [(name, view) for name, route, view in walk(get_resolver().url_patterns) if route.startswith("beheer/")]
    without = {name for name, view in views if not getattr(view, "needs_fresh_proof", False)}
    assert {name for name in without if not name.endswith(("_history", ":None"))} == WITHOUT_PROOF


# The command line -------------------------------------------------------------------------------------------------


def test_every_command_is_described() -> None:
    assert set(get_commands()) == {*WRITING, *FILLING, *READING} | RUNNING | OF_DJANGO
    ours = {name for name, app in get_commands().items() if str(app).split(".")[0] in ("accounts", "environments")}
    assert ours == {*WRITING, *FILLING, *READING} | RUNNING


@pytest.mark.parametrize("name", WRITING)
def test_command_that_changes_something_leaves_an_entry_and_is_told(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda *prompt: "vijf losse woorden zonder zin")
    command = WRITING[name]
    arguments = command.arguments(world)
    mails().clear()
    before = newest()
    call_command(name, *arguments, stdout=StringIO(), stderr=StringIO(), **command.options)
    assert {entry.event for entry in entries_since(before)} == command.events
    assert {message.to[0] for message in mails()} == command.heard


@pytest.mark.parametrize("name", READING)
def test_command_that_only_looks_writes_nothing(world: World, name: str) -> None:
    arguments = READING[name].arguments(world)
    with CaptureQueriesContext(connection) as asked:
        call_command(name, *arguments, stdout=StringIO())
    writes = ("INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER")
    assert not [query["sql"] for query in asked if query["sql"].lstrip().upper().startswith(writes)]
