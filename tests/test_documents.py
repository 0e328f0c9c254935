"""The documents say what the code does: numbers, connections, keys, tables and fields."""

from __future__ import annotations

import ast
import re
import tomllib
from datetime import timedelta
from functools import lru_cache
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.test import RequestFactory
from django.urls import get_resolver

from accounts import limits
from accounts.forms import PersonalDetailsForm
from accounts.lazy_views import load_administration
from accounts.models import User
from tests.factories import UserFactory
from tests.test_structure import OPEN_TO_ALL, walk

load_administration()

ROOT = Path(settings.BASE_DIR)
PROGRAM = [
    path
    for folder in ("accounts", "assetmaps", "environments")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
# Needs no way in: says nothing about anybody.
NO_WAY_IN = {
    "alive",
    "ready",
    "help_two_factor",
    "policy_report",
    "sign_out",
    "password_link_sent",
    "not_me_done",
    "choose_language",
    "favicon",
    "manifest",
    "robots",
    "security_contact",
    "well_known_change_password",
    "well_known_webauthn",
}


SERVER_NUMBERS = r"HEAD|BODY_|BODIES_|LARGE|KEPT_ALIVE|ANSWER_|CONNECTIONS|OTHER_FILES|REQUEST|STUCK_|SILENT_|STOP_"


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, headings left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.match(r"\|[-|]+\|$", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def section(text: str, heading: str) -> str:
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def in_words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(in_words(one) for one in value)
    if not isinstance(value, timedelta):
        return str(value)
    if value < timedelta(seconds=1):
        return f"{value // timedelta(milliseconds=1)} ms"
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(int(value.total_seconds()), size)
        if number and not left and (unit != "days" or number > 1):
            return f"{number} {unit}"
    raise AssertionError(value)


# ASVS 6.1.1, 7.1.1, 7.1.2
# NIST N5, N6, N13
@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("server.md", SERVER_NUMBERS),
        (
            "throttling.md",
            r"CODE_|PASSWORD_(FREE|FIRST|LONGEST|MOST)|NETWORK_|KNOWN_BROWSER|(RESET|ADDRESS)_MAILS|SSO_LOGOUT",
        ),
        (
            "support-desk.md",
            r"FIND_|LOOKED_UP|WARNING_|CALLER_CHECK|BRIDGE_CODE|WORKER_|LIFTED_|FORMER_AD|INTERVENTION_",
        ),
        (
            "operations.md",
            r"(STAFF_)?SESSION_(OVERALL|IDLE)|SESSIONS_AT_ONCE|OUTSIDE_(?!TIMEOUT)|FRESH_PROOF|REMINDER|DEMAND_|SNAPSHOTS_|SSO_CHECKS|MAIL_DOMAINS|SECRET_W|LONGEST_|HASH"
            r"|WARNINGS_|CLOCK_|CACHE_|DATABASE_|REQUEST_THREADS|UNAVAILABLE_|MAIL_(WAITS|GIVEN|RETRY|KEPT|LATE)|TASK_",
        ),
    ],
)
def test_numbers_in_the_documents_are_those_of_the_code(name: str, prefixes: str) -> None:
    told = {row[1].strip("`"): row[2] for row in rows(document(name)) if len(row) == 3 and row[1].isupper()}
    assert told
    assert told == {constant: in_words(getattr(limits, constant)) for constant in told}
    assert {constant for constant in vars(limits) if re.match(prefixes, constant)} <= set(told)


# ASVS 6.1.3
def test_every_open_address_is_among_the_ways_in() -> None:
    told = section(document("throttling.md"), "Every way in")
    for name, route, _view in walk(get_resolver().url_patterns):
        if name in OPEN_TO_ALL - NO_WAY_IN:
            address = "/" + re.sub(r"<.*", "", route)
            assert f"`{address}`" in told, name


# ASVS 8.1.3, 8.1.4
def test_every_signal_has_a_threshold_and_a_consequence() -> None:
    signals = rows(section(document("throttling.md"), "Which signals count"))[1:]
    assert len(signals) >= 8
    assert all(len(row) == 3 and all(row) for row in signals)
    told = {row[0]: row[1] for row in signals}
    assert told["age of the proof of identity"] == in_words(limits.FRESH_PROOF)
    assert told["network address of an unknown browser"] == f"{limits.NETWORK_FAILURES} an hour"
    assert told["wrong codes in a row"] == str(limits.CODE_STOLEN_AFTER)


CRYPTOGRAPHY = {
    "hashlib",
    "hmac",
    "secrets",
    "random",
    "uuid",
    "argon2",
    "cryptography",
    "signing",
    "salted_hmac",
    "constant_time_compare",
    "get_random_string",
    "hotp",
    "ssl",
    "Crypto",
    "nacl",
    "jwt",
    "authlib",
    "joserfc",
    "webauthn",
}


def names_used(path: Path) -> set[str]:
    """Every module and name that a file imports, the first part of a module, and `os.urandom`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Attribute) and node.attr == "urandom":
            found.add("os.urandom")
    return found


# ASVS 11.1.3, 11.2.1, 6.5.3, 11.5.1
def test_cryptography_is_called_where_the_inventory_says_and_nowhere_else() -> None:
    lines = re.findall(r"^- `(.+)`: (.+)$", document("keys.md"), re.MULTILINE)
    told = {name: set(used.split(", ")) for name, used in lines}
    found = {str(path.relative_to(ROOT)): names_used(path) & (CRYPTOGRAPHY | {"os.urandom"}) for path in PROGRAM}
    assert {name: used for name, used in found.items() if used} == told
    assert not {"random", "uuid"} & set().union(*told.values())  # neither is meant for secrets


# ASVS 11.1.1, 11.1.2, 11.1.4, 11.2.3
def test_every_key_has_an_owner_a_use_a_renewal_and_an_end() -> None:
    text = document("keys.md")
    keys = rows(section(text, "Keys"))[1:]
    assert all(len(row) == 5 and all(row) for row in keys)
    told = " ".join(row[0] for row in keys)
    for name in ("ENCRYPTION_KEYS", "SECRET_KEY", "authenticator secret", "session key", "recovery codes", "TLS"):
        assert name in told
    assert f"{limits.TOTP_SECRET_BYTES} random bytes" in text
    for word in ("AES-256-GCM", "HMAC-SHA-256", "Argon2id", "legacy", "After quantum computers"):
        assert word in text


# ASVS 13.1.1, 13.1.3, 13.2.4, 13.2.5
def test_network_calls_are_made_by_these_modules_and_the_rest_is_listed() -> None:
    libraries = {"dns", "socket", "urllib", "http", "requests", "httpx", "aiohttp", "smtplib", "ftplib", "subprocess"}
    libraries |= {"socketserver", "wsgiref", "sentry_sdk"}
    harmless = {"urllib.parse", "http"}  # http is Django's own in `from django import http`
    calling = set()
    for path in PROGRAM:
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(module.split(".")[0] in libraries and module not in harmless for module in modules):
                calling.add(str(path.relative_to(ROOT)))
    assert calling == {
        "accounts/passwords/breached.py",
        "accounts/sso/domains/resolver.py",
        "accounts/sso/provider/permitted_addresses.py",
        "accounts/sso/provider/transport.py",
        "assetmaps/clock.py",
        "assetmaps/error_reports.py",
        "assetmaps/metrics/server.py",  # listens
        "accounts/continuity/programs.py",  # pg_dump and pg_restore
        "environments/subprocesses.py",  # a process on this machine, not the network
    }
    connections = {row[1]: row for row in rows(section(document("operations.md"), "Connections"))[1:]}
    five_seconds = ("`EMAIL_URL`", "`DNS_RESOLVERS`", "the set-up of single sign-on")
    for setting in ("`DATABASE_URL`", "`BREACHED_PASSWORDS_URL`", *five_seconds):
        assert all(connections[setting]), setting
    assert {connections[setting][2] for setting in five_seconds} == {in_words(limits.OUTSIDE_TIMEOUT)}
    assert connections["`CACHE_URL`"][2].startswith(in_words(limits.CACHE_TIMEOUT) + " ")
    assert connections["`BREACHED_PASSWORDS_URL`"][2] == in_words(limits.BREACHED_TIMEOUT)
    assert limits.OUTSIDE_TIMEOUT.total_seconds() == settings.EMAIL_TIMEOUT


# ASVS 13.1.4
def test_every_setting_from_the_environment_that_may_hold_a_secret_has_a_renewal() -> None:
    told = {
        row[0].strip("`"): row[2]
        for row in rows(section(document("operations.md"), "Secrets and other sensitive settings"))[1:]
    }
    source = (ROOT / "assetmaps" / "settings.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|_required)\("([A-Z_]+)"', source))
    plain = {"DEBUG", "PUBLIC_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "BREACHED_PASSWORDS_URL", "ALARM_EMAIL"}
    plain |= {"DNS_RESOLVERS", "SSO_ALLOWED_PRIVATE_ADDRESSES", "AUDIT_HEAD_FILE", "SUPPORT_PHONE", "PASSKEY_ORIGINS"}
    plain |= {"INTERNAL_NETWORKS", "METRICS_ADDRESS", "WORKER_METRICS_ADDRESS", "WORKER", "CLOCK_URL"}
    assert set(told) == read - plain
    assert all(told.values())


# ASVS 16.1.1, 16.2.3
def test_logs_go_to_the_places_of_the_inventory() -> None:
    inventory = rows(section(document("operations.md"), "Log inventory"))[1:]
    assert all(len(row) == 6 and all(row) for row in inventory)
    named = {"security events", "accounts", "assetmaps", "django", "gunicorn`, `uvicorn"}
    assert {row[0].strip("`") for row in inventory} == named
    handlers = settings.LOGGING["handlers"]
    assert {name: handler["class"] for name, handler in handlers.items()} == {"console": "logging.StreamHandler"}
    assert all(not logger["handlers"] for logger in settings.LOGGING["loggers"].values())
    loggers = [text for path in PROGRAM for text in re.findall(r"getLogger\((.*?)\)", path.read_text())]
    assert set(loggers) == {"__name__", '"assetmaps.policy"'}


# ASVS 14.1.1, 14.1.2, 14.2.4
def test_every_table_has_a_class_a_protection_and_a_term() -> None:
    table = rows(section(document("data.md"), "What is kept where"))[1:]
    assert all(len(row) == 6 and all(row) for row in table)
    told = [label for row in table for label in re.findall(r"`([\w.]+)`", row[0])]
    assert sorted(told) == sorted(model._meta.label for model in apps.get_models(include_auto_created=True))


# ASVS 8.1.2
@pytest.mark.django_db
def test_fields_of_a_person_are_changed_by_whom_the_table_says() -> None:
    table = rows(section(document("data.md"), "Who may see and change which field of a person"))[1:]
    told = {row[0].strip("`"): row[1:] for row in table}
    pages, request = admin.site._registry[User], RequestFactory().get("/")
    person = UserFactory()
    for column, is_superuser in ((2, False), (3, True)):
        request.user = UserFactory(staff=True, is_superuser=is_superuser)
        fields = {name for _title, options in pages.get_fieldsets(request, person) for name in options["fields"]}
        fixed = set(pages.get_readonly_fields(request, person))
        assert fields - {"second_step"} == set(told)
        assert {name for name, row in told.items() if row[column] == "change"} == fields - fixed
    assert {name for name, row in told.items() if row[0] == "change"} == set(PersonalDetailsForm.Meta.fields)


# ASVS 3.1.1, 3.7.5
def test_needs_of_the_browser_are_told() -> None:
    text = section(document("operations.md"), "What a browser needs")
    told = ["TLS", "__Host-", "HSTS", "content security policy", "COOP", "JavaScript is not needed", "no cookies"]
    for word in [*told, "too old"]:
        assert word in text.replace("\n", " ")


def test_threat_model_names_tests_that_are_there_and_leaves_no_cell_empty() -> None:
    text = document("threat-model.md")
    named = set(re.findall(r"`((?:accounts|environments|outbound)/[\w/]+(?:/|\.py))`", text))
    assert len(named) > 20
    assert [path for path in sorted(named) if not (ROOT / "tests" / path).exists() and not (ROOT / path).exists()] == []
    assert [row for row in rows(text) if not all(row)] == []


PAGES = sorted(
    [*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
)
# What looks like a path and is made by running the program, or belongs to another machine.
MADE = re.compile(r"(var|\.venv)/")


def names_of_files(text: str) -> set[str]:
    """What stands between backticks and looks like a path of ours: with a slash inside or behind it, or an ending."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    quoted = {word.strip("'\",;") for span in spans for word in span.split()}
    is_path = re.compile(r"(\.?[\w-]+/)+[\w.-]*(::\w+)?|[\w-]+\.(py|md|toml|txt|sh|html|css|conf|service|socket)")
    return {name for name in quoted if is_path.fullmatch(name) and not MADE.match(name)}


@lru_cache
def every_test() -> frozenset[str]:
    found = (re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE) for path in (ROOT / "tests").rglob("*.py"))
    return frozenset(name for names in found for name in names)


def folders_of(path: Path, text: str) -> list[Path]:
    """Where the paths of a page may begin: the project, its tests, and the folders that headings name."""
    headings = [ROOT / name for name in re.findall(r"^### `([\w/]+)/`", text, re.MULTILINE)]
    return [ROOT, ROOT / "tests", path.parent, *headings]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_test_and_module_that_a_page_names_exists(path: Path) -> None:
    text = path.read_text()
    places = folders_of(path, text)
    missing = [name for name in re.findall(r"`(test_\w+)`", text) if name not in every_test()]
    for name in sorted(names_of_files(text)):
        file, _colons, test = name.partition("::")
        found = [place / file for place in places if (place / file).exists()]
        if "/" not in file.rstrip("/"):  # the name alone, where the text says whose it is
            every = [one for path in PROGRAM for one in (path, path.parent)] + list((ROOT / "templates").rglob("*"))
            found = found or [one for one in every if one.name == file.rstrip("/")]
        if not found or (test and f"def {test}(" not in found[0].read_text()):
            missing.append(name)
    for link in re.findall(r"\]\(([^)#\s]+)\)", text):
        if "://" not in link and not (path.parent / link).exists():
            missing.append(link)
    for module in re.findall(r"python -m ((?:accounts|assetmaps|environments|tests|benchmarks)[\w.]*\w)", text):
        file = ROOT / module.replace(".", "/")
        if not file.with_suffix(".py").is_file() and not (file / "__main__.py").is_file():
            missing.append(module)
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_that_a_page_names_exists(path: Path) -> None:
    targets = set(re.findall(r"^([\w-]+(?: [\w-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {target for line in targets for target in line.split()}
    assert set(re.findall(r"`make ([\w-]+)", path.read_text())) <= known


def test_every_command_is_in_the_list_of_commands() -> None:
    told = {row[0].strip("`").split()[0] for row in rows(section(document("commands.md"), "In production"))}
    files = (ROOT / app / "management" / "commands" for app in ("accounts", "environments"))
    commands = {path.stem for folder in files for path in folder.glob("[a-z]*.py")}
    assert commands == told - {"command"}


def test_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) < 150
    assert [line for line in lines if len(line) > 150] == []


@pytest.mark.django_db
def test_readme_says_which_demo_accounts_reach_the_administration() -> None:
    call_command("demo", stdout=StringIO())
    text = section((ROOT / "README.md").read_text(), "First look at `/beheer/`")
    told = {address for row in rows(text) for address in re.findall(r"`(\S+@\S+)`", row[0])}
    assert told == set(User.objects.filter(is_staff=True).values_list("email", flat=True))
    assert set(User.objects.values_list("email", flat=True)) == set(re.findall(r"`(\S+@\S+)`", text))


def test_every_page_is_in_the_index_of_its_folder() -> None:
    for folder in (ROOT / "docs", ROOT / "docs" / "decisions"):
        linked = re.findall(r"^- \[.+?\]\((.+?)\)", (folder / "README.md").read_text(), re.MULTILINE)
        assert len(linked) == len(set(linked))
        assert {page.name for page in folder.glob("*.md")} - {"README.md"} <= set(linked), folder.name


def test_no_page_names_a_machine_or_a_registry() -> None:
    for path in PAGES:
        assert not re.search(r"/(tmp|work|home|root)/|pypi\.org|pythonhosted|npmjs", path.read_text()), path.name


def test_every_package_of_the_import_contracts_is_in_the_overview() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one.get("containers") == ["accounts"])
    packages = {name for layer in layers for name in re.findall(r"\w+", layer) if (ROOT / "accounts" / name).is_dir()}
    overview, readme = document("architecture.md"), (ROOT / "README.md").read_text()
    told = set(re.findall(r"`(\w+)/`", section(overview, "Packages").split("### `accounts/`")[1]))
    assert packages - {"edit_conflicts"} <= told
    diagram = re.findall(r"\w+", section(readme, "Architecture").split("```")[1].split("from the top:")[1])
    assert packages - {"edit_conflicts"} <= set(diagram)
    # From the top to the bottom, as the contract has them.
    places = [min(diagram.index(name) for name in re.findall(r"\w+", layer) if name in diagram) for layer in layers[:9]]
    assert places == sorted(places)
