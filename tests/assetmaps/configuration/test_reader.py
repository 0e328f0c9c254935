"""How variables are read: in one place, without what files leave around a value, and never by another name."""

from __future__ import annotations

import re

import pytest

from tests.assetmaps.configuration.loading import NEEDED, ROOT, load, refusal
from tests.test_documents import rows, section


def test_page_about_configuration_lists_every_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    text = section((ROOT / "docs" / "configuration.md").read_text(), "Variables")
    told = [row[0].strip("`") for row in rows(text) if re.fullmatch(r"`[A-Z_]+`", row[0])]
    assert sorted(told) == sorted(load(monkeypatch)["env"].names)


def test_readme_names_what_has_no_default_and_the_page_with_the_rest() -> None:
    text = section((ROOT / "README.md").read_text(), "Configuration")
    assert "`docs/configuration.md`" in text
    needed = [row[0] for row in rows((ROOT / "docs" / "configuration.md").read_text()) if row[-1] == "needed"]
    assert len(needed) == 3
    assert all(name in text for name in needed)


def test_variables_are_read_in_one_place() -> None:
    reading = set()
    for folder in ("accounts", "assetmaps", "environments"):
        for path in (ROOT / folder).rglob("*.py"):
            if re.search(r"os\.(environ\b(?!\.setdefault)|getenv)|environ\.Env\(", path.read_text()):
                reading.add(str(path.relative_to(ROOT)))
    # The command reads the variables that Django names for it.
    assert reading == {
        "assetmaps/settings.py",
        "accounts/management/commands/createsuperuser.py",
        "accounts/continuity/programs.py",  # hands them on to pg_dump and pg_restore
        "assetmaps/gunicorn_settings.py",  # those of gunicorn
        "assetmaps/metrics/server.py",  # sets one, which prometheus_client reads
        "environments/subprocesses.py",  # leaves all but a few out for the processes that read what was uploaded
    }


LEFT_BY_FILES = ["{}\r", "{}\r\n", " {} ", "\t{}\n", '"{}"', "'{}'", '"{}"\r', "\ufeff{}", '" {} "']
MEANT = {
    "SECRET_KEY": "$" + "geheim" * 10,
    "ALLOWED_HOSTS": "mijn.assetmaps.nl",
    "PUBLIC_URL": "https://mijn.assetmaps.nl",
    "DEBUG": "true",
    "ALARM_EMAIL": "alarm@voorbeeld.nl",
    "DATABASE_URL": "postgres://u:p@db/portal",
    "CACHE_URL": "redis://cache",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}


@pytest.mark.parametrize("form", LEFT_BY_FILES, ids=ascii)
def test_what_files_of_variables_leave_around_a_value_is_not_part_of_it(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = load(monkeypatch, **MEANT)
    found = load(monkeypatch, **{name: form.format(value) for name, value in MEANT.items()})
    assert found["SECRET_KEY"] == MEANT["SECRET_KEY"]  # begins with $, and is what it is
    for name in ("DEBUG", "ALLOWED_HOSTS", "PUBLIC_URL", "ALARM_EMAIL", "DATABASES", "CACHES", "TRUSTED_PROXIES"):
        assert found[name] == plain[name], name


def test_byte_order_mark_before_the_first_name_hides_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    found = load(monkeypatch, **{"\ufeffALARM_EMAIL": "alarm@voorbeeld.nl"})
    assert found["ALARM_EMAIL"] == "alarm@voorbeeld.nl"


@pytest.mark.parametrize("empty", ["", " ", "\r", '""', "''", "\ufeff"], ids=ascii)
def test_empty_variable_is_one_that_is_not_set(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unset = load(monkeypatch)
    found = load(monkeypatch, **dict.fromkeys(unset["env"].names - set(NEEDED), empty))
    for name in (
        "DEBUG",
        "PUBLIC_URL",
        "DATABASES",
        "CACHES",
        "EMAIL_HOST",
        "ALARM_EMAIL",
        "DNS_RESOLVERS",
        "AUDIT_HEAD_FILE",
    ):
        assert found[name] == unset[name], name
    for name in NEEDED:
        assert "is missing" in refusal(monkeypatch, **{name: empty})


@pytest.mark.parametrize(
    ("value", "meant"),
    [("False", False), ("0", False), ("off", False), ("no", False), ("True", True), ("1", True), ("on ", True)],
)
def test_switch_is_on_or_off(value: str, meant: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, DEBUG=value)["DEBUG"] is meant


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("PUBLIC_URL", "HTTPS://Mijn.Assetmaps.NL/", "https://mijn.assetmaps.nl"),
        ("PUBLIC_URL", "https://mijn.assetmaps.nl.:443", "https://mijn.assetmaps.nl"),
        ("PUBLIC_URL", "http://[::1]:8000", "http://[::1]:8000"),
        ("PUBLIC_URL", "https://café.nl:8443", "https://xn--caf-dma.nl:8443"),
        ("ALLOWED_HOSTS", "Mijn.Assetmaps.nl.,, .voorbeeld.nl", ["mijn.assetmaps.nl", ".voorbeeld.nl"]),
        ("ALLOWED_HOSTS", "::1,[2001:DB8::0001],café.nl,*", ["[::1]", "[2001:db8::1]", "xn--caf-dma.nl", "*"]),
        ("TRUSTED_PROXIES", "::ffff:10.0.0.1,::ffff:10.0.0.0/104", ["10.0.0.1", "10.0.0.0/8"]),
        (
            "TRUSTED_PROXIES",
            "2001:DB8:0::/32, 2001:db8::0001",
            ["2001:db8::/32", "2001:db8::1"],
        ),
        ("SSO_ALLOWED_PRIVATE_ADDRESSES", "LOCALHOST:8001,[::1]:80", ["localhost:8001", "::1:80"]),
        ("SUPPORT_PHONE", " +31 (0)20 123-45-67 ", "+31 (0)20 123-45-67"),
        ("SUPPORT_PHONE", "(020) 123 45 67", "(020) 123 45 67"),
        ("DNS_RESOLVERS", "192.0.2.53, [2001:db8::53]:5353", ["192.0.2.53", "[2001:db8::53]:5353"]),
    ],
)
def test_right_value_gets_the_form_in_which_it_is_compared(
    name: str, value: str, meant: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(monkeypatch, **{name: value})[name] == meant
