"""The house keeps its own promises."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.audit.events import MAILED
from accounts.lazy_views import Pattern
from tests import selection
from tests.conftest import prove, sign_in
from tests.factories import EnvironmentFactory, UserFactory

ROOT = Path(settings.BASE_DIR)

# Everything else asks for sign-in.
OPEN_TO_ALL = {
    "alive",
    "ready",
    "help_two_factor",
    "policy_report",
    "sign_in",
    "sign_out",
    "password_forgotten",
    "password_link_sent",
    "set_password",
    "set_new_password",
    "verification_code",
    "passkey_sign_in",
    "passkey_sign_in_options",
    "passkey_verify",
    "recovery_code",
    "new_phone",
    "bridge_code",
    "recovery_link",
    "recovery_link_expired",
    "lost_phone",
    "help_cancel",
    "intervention_cancel",
    "not_me",
    "not_me_done",
    "admin:login",
    "sso_find",
    "sso_entry",
    "sso_callback",
    "sso_invited",
    "sso_backchannel_logout",
    "signed_out",
    "choose_language",
    "favicon",
    "manifest",
    "robots",
    "security_contact",
    "well_known_change_password",
    "well_known_webauthn",
}


def walk(patterns: list, prefix: str = "", names: str = "") -> Iterator[tuple[str, str, object]]:
    """Every address as (name, route, view)."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from walk(pattern.url_patterns, prefix + str(pattern.pattern), space)
        elif isinstance(pattern, URLPattern):
            view = pattern.load() if isinstance(pattern, Pattern) else pattern.callback
            yield f"{names}{pattern.name}", prefix + str(pattern.pattern), view


def test_import_contracts_hold() -> None:
    run = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_dutch_catalogue_is_complete_and_compiled() -> None:
    folder = ROOT / "assetmaps" / "locale" / "nl" / "LC_MESSAGES"
    source = polib.pofile(str(folder / "django.po"))
    unfinished = [entry.msgid for entry in source if not entry.translated() or entry.fuzzy]
    assert not unfinished
    compiled = {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in polib.mofile(str(folder / "django.mo"))}
    assert compiled == {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in source if not entry.obsolete}


# ASVS 8.1.1, 8.2.1
def test_every_address_asks_for_sign_in_unless_it_is_on_the_list() -> None:
    addresses = list(walk(get_resolver().url_patterns))
    assert len(addresses) > 20
    closed = {name for name, _route, view in addresses if getattr(view, "login_required", True)}
    opened = {name for name, _route, view in addresses} - closed
    assert opened == OPEN_TO_ALL


def test_every_view_names_the_methods_it_answers() -> None:
    """Those of Django's administration answer GET and POST by themselves."""
    views = {name: view for name, _route, view in walk(get_resolver().url_patterns) if not name.startswith("admin:")}
    assert len(views) > 20
    assert [name for name, view in views.items() if not limits_methods(view)] == []


def limits_methods(view: object) -> bool:
    """Does it have one of Django's decorators ``require_…``? They keep the view that they wrap."""
    while view is not None:
        if Path(view.__code__.co_filename).parts[-2:] == ("decorators", "http.py"):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


def test_every_mailed_event_has_its_templates() -> None:
    for event in MAILED:
        for part in ("subject.txt", "body.txt"):
            assert (ROOT / "templates" / "mail" / event.value / part).is_file(), f"{event}: {part}"


@pytest.mark.django_db
def test_every_page_has_one_heading_a_title_and_its_language(client: Client) -> None:
    person = UserFactory()
    EnvironmentFactory(people=[person])
    public = [
        "/inloggen/",
        "/wachtwoord-vergeten/",
        "/wachtwoord-vergeten/verstuurd/",
        "/hulp/twee-staps-authenticatie/",
    ]
    private = [
        "/",
        "/persoonlijke-gegevens/",
        "/persoonlijke-gegevens/wachtwoord/",
        "/persoonlijke-gegevens/e-mailadres/",
    ]
    for page in public:
        check_page(client, page)
    sign_in(client, person)
    prove(client)
    client.post("/persoonlijke-gegevens/twee-staps-authenticatie/activeren/")
    for page in [*private, "/persoonlijke-gegevens/twee-staps-authenticatie/bevestigen/", "/bestaat-niet/"]:
        check_page(client, page)


def check_page(client: Client, page: str) -> None:
    text = client.get(page).content.decode()
    assert len(re.findall(r"<h1[\s>]", text)) == 1, page
    assert re.search(r"<title>[^<·]+ · Mijn Assetmaps</title>", text), page
    assert '<html lang="nl">' in text, page
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text), f"{page}: inline code"


def test_deployment_check_is_clean() -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET_KEY": "k7" * 40 + "another-part-of-a-long-key",
            "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "ALLOWED_HOSTS": "mijn.assetmaps.nl",
            "TRUSTED_PROXIES": "10.0.0.0/8",
            "DATABASE_URL": "postgres://portal:geheim@db/portal",
            "CACHE_URL": "redis://cache",
        },
    )
    assert run.returncode == 0, run.stderr


def test_lists_of_tests_for_a_quick_run_and_a_second_database_name_what_is_there() -> None:
    assert selection.missing() == []
