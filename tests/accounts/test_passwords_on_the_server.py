"""Passwords that come in by a command or from code keep to the same rules as those typed on a page."""

from __future__ import annotations

import ast
import getpass
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command, get_commands

from accounts.active_sessions.models import Session
from accounts.audit.models import AuditEntry
from accounts.models import User
from tests.conftest import mails
from tests.factories import UserFactory
from tests.pages import signed_in

ROOT = Path(settings.BASE_DIR)
GOOD = "vier ezels lopen weg"
EMAIL = "eerste@voorbeeld.nl"
WEAK = {
    "short": "admin",
    "common": "wachtwoordwachtwoord",
    "own name": "eerste@voorbeeld.nl",
    "product": "assetmaps-assetmaps",
    "repeated": "abcabcabcabcabcabc",
    "long": "een zin " * 20,
}

pytestmark = pytest.mark.django_db


def noinput(**options: object) -> str:
    out = StringIO()
    call_command("createsuperuser", interactive=False, stdout=out, **options)
    return out.getvalue()


def types(monkeypatch: pytest.MonkeyPatch, *passwords: str, lines: tuple[str, ...] = ()) -> None:
    """What the person at the terminal types, in this order."""
    typed, written = iter(passwords), iter(lines)
    monkeypatch.setattr(getpass, "getpass", lambda *args, **kwargs: next(typed))
    monkeypatch.setattr("builtins.input", lambda *args: next(written))


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", ["createsuperuser", "changepassword"])
def test_command_of_ours_is_the_one_that_runs(name: str) -> None:
    assert get_commands()[name] == "accounts"


@pytest.mark.parametrize("password", WEAK.values(), ids=WEAK)
def test_weak_password_of_the_environment_makes_no_superuser(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    with pytest.raises(CommandError, match=r"^This password") as refusal:
        noinput(email=EMAIL)
    assert "\n" not in str(refusal.value)
    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()


def test_right_password_makes_a_superuser_and_an_audit_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD + "\r\n")  # as a file of Windows leaves it
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", f" {EMAIL} ")
    assert noinput() == f"The superuser {EMAIL} was created.\n"
    person = User.objects.get()
    assert (person.is_superuser, person.is_staff, person.check_password(GOOD)) == (True, True, True)
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.subject, entry.actor, entry.actor_name) == ("rights_changed", person, None, "manage.py")
    assert entry.detail == {"before": "-", "after": "is_staff, is_superuser"}
    assert [message.to for message in mails()] == [[EMAIL]]  # the person hears of the rights


@pytest.mark.parametrize("password", ["", None])
def test_empty_password_is_none_and_opens_nothing(password: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD", raising=False)
    if password is not None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    assert "without a password" in noinput(email=EMAIL)
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("unseen", ["\n", "\udcff", "\u200b"])
def test_password_that_nobody_could_type_is_refused(unseen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", f"vier ezels{unseen} lopen weg")
    with pytest.raises(CommandError, match="DJANGO_SUPERUSER_PASSWORD contains") as refusal:
        noinput(email=EMAIL)
    assert "ezels" not in str(refusal.value)
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "geen adres", "EERSTE@voorbeeld.nl", "één@voorbeeld.nl"])
def test_superuser_has_an_address_of_its_own(email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SUPERUSER_EMAIL", raising=False)
    UserFactory(email=EMAIL)
    with pytest.raises(CommandError):
        noinput(email=email)
    assert User.objects.count() == 1


def test_weak_password_typed_at_the_terminal_is_asked_again_and_never_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A "y" would be the answer to Django's question whether to leave the rules out.
    types(monkeypatch, "admin", "", GOOD, "iets anders", GOOD, GOOD, lines=("geen adres", EMAIL, "y", "y"))
    out, err = StringIO(), StringIO()
    call_command("createsuperuser", stdin=Terminal(), stdout=out, stderr=err)
    assert User.objects.get().check_password(GOOD)
    assert "This password is too short" in err.getvalue()
    assert "not the same" in err.getvalue()
    assert "Bypass" not in out.getvalue() + err.getvalue()


def test_interrupted_command_makes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(getpass, "getpass", interrupt)
    with pytest.raises(CommandError, match="Nobody was created"):
        call_command("createsuperuser", email=EMAIL, stdin=Terminal())
    with pytest.raises(CommandError, match="terminal"):
        call_command("createsuperuser", email=EMAIL, stdin=StringIO())
    assert not User.objects.exists()


@pytest.mark.parametrize("password", WEAK.values(), ids=WEAK)
def test_no_code_makes_a_person_with_a_weak_password(password: str) -> None:
    for make in (User.objects.create_user, User.objects.create_superuser):
        with pytest.raises(ValidationError):
            make(EMAIL, password)
    assert not User.objects.exists()


def test_changing_a_password_by_command_keeps_the_rules_and_leaves_the_usual_traces(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    person = UserFactory()
    signed_in(person)
    types(monkeypatch, "admin", GOOD, GOOD)
    err = StringIO()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("changepassword", person.email.upper(), stdout=StringIO(), stderr=err)
    assert "This password is too short" in err.getvalue()
    person.refresh_from_db()
    assert person.check_password(GOOD)
    assert not Session.objects.exists()
    entry = AuditEntry.objects.get(event="password_changed")
    assert (entry.subject, entry.actor_name, entry.detail) == (person, "manage.py", {"way": "command"})
    assert [message.to for message in mails()] == [[person.email]]


def test_changing_a_password_by_command_gives_up_after_three_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    person = UserFactory()
    before = person.password
    types(monkeypatch, "admin", GOOD, "iets anders", "admin")
    with pytest.raises(CommandError, match="Nothing is changed"):
        call_command("changepassword", person.email, stderr=StringIO())
    person.refresh_from_db()
    assert person.password == before
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("changepassword", "niemand@voorbeeld.nl")


def test_passwords_are_set_in_two_places_only() -> None:
    """Where the rules have judged them: the manager itself, and the flows behind forms and commands that did."""
    setting, making = set(), set()
    for folder in ("accounts", "assetmaps", "environments"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and node.attr in ("set_password", "aset_password"):
                    setting.add(str(path.relative_to(ROOT)))
                if isinstance(node, ast.Name) and node.id == "make_password":
                    making.add(str(path.relative_to(ROOT)))
    assert setting == {"accounts/models.py"}
    assert making == {
        "accounts/passwords/flows.py",
        "accounts/passwords/dummy_hash.py",  # for an address that nobody has
        "accounts/support/reports.py",  # one that nobody knows
    }
