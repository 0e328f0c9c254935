"""`manage.py check --deploy` names each setting that does not fit the others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from assetmaps import checks
from tests.assetmaps.configuration.loading import GOOD, KEY, load, run

# With these nothing is left to say.
COMPLETE = {
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "DATABASE_URL": "postgres://portal:geheim@db/portal",
    "CACHE_URL": "redis://cache",
    "EMAIL_URL": "smtp+tls://portal:geheim@mail.voorbeeld.nl",
}
UNENCRYPTED = {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}  # Django's own


def said(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, str]:
    """What our checks say when the program is started with these variables: the id, and the whole text."""
    found = load(monkeypatch, **COMPLETE | variables)
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**UNENCRYPTED | found))
    monkeypatch.setattr(checks, "env", found["env"])
    messages = [message for check in checks.CHECKS for message in check()]
    return {str(message.id).removeprefix("assetmaps."): f"{message.msg} {message.hint}" for message in messages}


def test_settings_that_fit_each_other_are_not_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch) == {}


@pytest.mark.parametrize(
    ("check", "name", "value"),
    [
        ("E001", "PUBLIC_URL", "http://mijn.assetmaps.nl"),
        ("E002", "SSO_ALLOWED_PRIVATE_ADDRESSES", "10.0.0.1:8001"),
        ("E003", "PUBLIC_URL", "https://ander.voorbeeld.nl"),
        ("E003", "ALLOWED_HOSTS", "ander.voorbeeld.nl"),
        ("E003", "PUBLIC_URL", "https://[2001:db8::1]"),
        ("E014", "PASSKEY_ORIGINS", "https://ander.voorbeeld.nl"),
        ("E014", "PASSKEY_ORIGINS", "http://mijn.assetmaps.nl"),
        ("E004", "ALLOWED_HOSTS", "mijn.assetmaps.nl,*"),
        ("E006", "EMAIL_URL", "consolemail://"),
        ("E006", "EMAIL_URL", "dummymail://"),
        ("E007", "DATABASE_URL", "sqlite://:memory:"),
        ("E008", "ENCRYPTION_KEYS", f"{KEY},{KEY}"),
        ("E009", "SECRET_KEY_FALLBACKS", GOOD["SECRET_KEY"]),
        ("E009", "SECRET_KEY_FALLBACKS", f"{'x' * 50},{'x' * 50}"),
        ("W001", "TRUSTED_PROXIES", ""),
        ("E010", "CACHE_URL", ""),
        ("E012", "DATABASE_URL", "postgres://portal:geheim@db1,db2/portal"),
        ("W003", "DATABASE_URL", ""),
        ("W004", "EMAIL_URL", "smtp://portal:geheim@mail.voorbeeld.nl"),
    ],
)
def test_setting_that_does_not_fit_is_named_and_its_value_is_not(
    check: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = said(monkeypatch, **{name: value})
    assert set(found) - {"W003"} == {check} - {"W003"}
    assert name in found[check]
    assert "geheim" not in found[check]
    assert KEY not in found[check]


@pytest.mark.parametrize(("options", "says"), [("", "E010"), ("-w 3", "E010"), ("--workers 1 --bind :80", "W002")])
def test_several_processes_and_no_shared_cache_contradict_each_other(
    options: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process may count in its own memory, and only grows past it in time."""
    assert set(said(monkeypatch, CACHE_URL="", GUNICORN_CMD_ARGS=options)) == {says}


def test_several_databases_of_which_the_writing_one_is_taken_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    several = "postgres://portal:geheim@db1,db2/portal?target_session_attrs=read-write"
    assert said(monkeypatch, DATABASE_URL=several) == {}


def test_development_is_not_for_production(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(said(monkeypatch, DEBUG="on", PUBLIC_URL="https://mijn.assetmaps.nl")) == {"E005"}


def test_names_below_a_domain_and_other_spellings_of_a_host_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, PUBLIC_URL="https://mijn.voorbeeld.nl", ALLOWED_HOSTS=".voorbeeld.nl") == {}
    assert said(monkeypatch, PUBLIC_URL="https://MIJN.voorbeeld.nl:8443/", ALLOWED_HOSTS="mijn.Voorbeeld.nl.") == {}
    assert said(monkeypatch, PUBLIC_URL="https://[2001:db8::1]", ALLOWED_HOSTS="2001:DB8:0::1") == {}
    assert said(monkeypatch, PUBLIC_URL="https://café.nl", ALLOWED_HOSTS="xn--caf-dma.nl") == {}


def test_mail_server_on_the_own_machine_needs_no_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, EMAIL_URL="smtp://portal:geheim@localhost") == {}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("DJANGO_ALARM_EMAIL", "ALARM_EMAIL"),
        ("dns_resolvers", "DNS_RESOLVERS"),
        ("SECRET_KEY_FALLBACK", "SECRET_KEY_FALLBACKS"),
        ("ASSETMAPS_EMAIL_URL", "EMAIL_URL"),
        ("PUBLIC_URI", "PUBLIC_URL"),
    ],
)
def test_name_that_looks_like_one_of_ours_is_told(name: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = said(monkeypatch, **{meant: "", name: "geheim"})
    assert f"{name} ({meant}?)" in found["W005"]
    assert "geheim" not in found["W005"]


@pytest.mark.parametrize(
    "name", ["HOSTNAME", "LANG", "DATABASE_URL_REPLICA", "DEBUGINFOD_URLS", "MAIL", "ALLOWED_HOST"]
)
def test_other_names_are_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """ALLOWED_HOST too, because ALLOWED_HOSTS has a value."""
    assert said(monkeypatch, **{name: "x"}) == {}


def test_command_says_all_of_it_and_fails() -> None:
    wrong = {"PUBLIC_URL": "http://ander.voorbeeld.nl", "EMAIL_URL": "consolemail://", "TRUSTED_PROXY": "10.0.0.1"}
    checked = run("manage.py", "check", "--deploy", **wrong)
    assert checked.returncode == 1
    for number in ("E001", "E003", "E006", "E010", "W003", "W005"):
        assert f"(assetmaps.{number})" in checked.stderr
