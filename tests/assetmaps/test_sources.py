"""What templates, scripts and static files never contain, and what the settings never are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client

from accounts import limits
from accounts.models import User
from tests.addresses import filled
from tests.factories import EnvironmentFactory, UserFactory
from tests.pages import signed_in
from tests.test_documents import in_words

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").iterdir())
GOOD = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "k7" * 40,
    "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "ALLOWED_HOSTS": "mijn.assetmaps.nl",
}


# ASVS 3.2.2, 3.7.1
def test_no_template_trusts_a_text_or_needs_a_plug_in() -> None:
    assert len(TEMPLATES) > 30
    for path in TEMPLATES:
        text = path.read_text()
        assert not re.search(r"\|\s*safe\b|autoescape off|safeseq", text), path
        assert not re.search(r"<(object|embed|applet|iframe|frame)\b", text), path
    for path in [*(ROOT / "accounts").rglob("*.py"), *(ROOT / "environments").rglob("*.py")]:
        assert "mark_safe" not in path.read_text(), path


# ASVS 3.2.2, 3.2.3, 14.3.3, 3.5.7, 3.5.6
def test_scripts_write_no_markup_keep_no_globals_and_store_nothing() -> None:
    assert SCRIPTS
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function"
        r"|localStorage|sessionStorage|indexedDB|document\.cookie|caches\."
        r"|\b(window|self|globalThis)\.\w+ =|document\.(forms|images|anchors)\b|callback=|\{\{|\{%"
    )
    for path in SCRIPTS:
        assert not re.search(forbidden, path.read_text()), path
    for path in TEMPLATES:  # a module has a scope of its own, so no element can take the place of a variable
        for tag in re.findall(r"<script[^>]*>", path.read_text()):
            django_texts = "admin:jsi18n" in tag  # Django's scripts of the administration read them as globals
            assert 'type="module"' in tag or "nomodule" in tag or django_texts, path


# ASVS 3.5.6, 3.5.7
@pytest.mark.django_db
def test_no_address_of_ours_answers_with_a_script() -> None:
    person = UserFactory(superuser=True, with_totp=True)
    environment = EnvironmentFactory(people=[person])
    client = signed_in(person)
    for name, address in filled(person.pk, environment.slug):
        if name in ("admin:jsi18n", "admin:autocomplete"):  # Django's own words; refused without its parameters
            continue
        answer = client.get(address, {"callback": "alert", "jsonp": "alert"})
        assert "javascript" not in answer.headers.get("Content-Type", ""), address


# ASVS 13.2.3, 6.3.2
@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEYS", "ALLOWED_HOSTS"])
def test_program_does_not_start_with_a_missing_or_known_secret(name: str) -> None:
    from assetmaps.settings import DEVELOPMENT_ONLY

    values = [""] if name == "ALLOWED_HOSTS" else ["", DEVELOPMENT_ONLY[name]]
    for value in values:
        run = start(GOOD | {name: value}, "import assetmaps.settings")
        assert run.returncode != 0
        assert name in run.stderr


# ASVS 6.3.2
@pytest.mark.django_db
def test_new_database_has_nobody_in_it() -> None:
    assert not User.objects.exists()


# ASVS 13.1.2, 13.2.6
def test_connections_to_postgresql_are_limited_as_documented() -> None:
    program = "from assetmaps.settings import DATABASES; import json; print(json.dumps(DATABASES['default']))"
    run = start(GOOD | {"DATABASE_URL": "postgres://u:p@localhost/x?sslmode=require"}, program)
    found = json.loads(run.stdout)
    options = found["OPTIONS"]
    assert options["pool"] == {"min_size": 1, "max_size": limits.REQUEST_THREADS + limits.DATABASE_BACKGROUND}
    assert (options["sslmode"], options["connect_timeout"], options["tcp_user_timeout"]) == ("require", 2, 10_000)
    assert found["DISABLE_SERVER_SIDE_CURSORS"]  # PgBouncer in transaction mode
    assert "prepare_threshold" not in options
    wait, most = in_words(limits.DATABASE_WAIT), options["pool"]["max_size"]
    assert f"| {wait} for a connection (PostgreSQL); 20 s for a lock (SQLite) | {most} a process |" in (
        (ROOT / "docs" / "operations.md").read_text()
    )


# ASVS 13.1.3
def test_redis_that_is_mute_is_waited_for_no_longer_than_documented() -> None:
    program = (
        "from django.core.cache import cache; print(cache._redis._cache._pool_options, cache._redis._cache._pool_class)"
    )
    environment = GOOD | {"CACHE_URL": "redis://localhost:6379/0", "DJANGO_SETTINGS_MODULE": "assetmaps.settings"}
    run = start(environment, program)
    assert "'socket_timeout': 0.25, 'socket_connect_timeout': 0.25, 'retry': " in run.stdout, run.stderr
    assert "assetmaps.caches.connections.Connections" in run.stdout
    assert limits.CACHE_TIMEOUT.total_seconds() == 0.25


def start(environment: dict[str, str], program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)


# ASVS 11.4.1, 11.4.3
def test_signatures_of_ours_use_a_hash_of_256_bits_or_more() -> None:
    assert signing.Signer().algorithm == "sha256"
    assert signing.TimestampSigner().algorithm == "sha256"
    for folder in ("accounts", "assetmaps", "environments"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            assert "md5" not in text.lower(), path
            calls = re.findall(r"salted_hmac\((.*)\)", text)
            assert all(re.search(r'algorithm="sha(256|512)"', call) for call in calls), path
            if path.name != "breached.py":  # the format of the service; see docs/keys.md
                assert not re.search(r"sha1\(|hashes import SHA1|[\"']sha1[\"']", text), path


def imported_cryptography(path: Path) -> set[tuple[str, str]]:
    """Inside functions too."""
    return set(re.findall(r"^ *from (cryptography\S*) import ([^#\n]*[^#\s])", path.read_text(), re.MULTILINE))


# ASVS 11.3.1
def test_encryption_is_aes_gcm_and_nothing_else() -> None:
    signing = ROOT / "accounts" / "sso" / "credentials" / "key_pairs.py"  # makes keys that sign, and encrypts nothing
    found = set()
    for path in (ROOT / "accounts").rglob("*.py"):
        if path != signing:
            found |= imported_cryptography(path)
    assert imported_cryptography(signing) == {
        ("cryptography", "x509"),
        ("cryptography.x509.oid", "NameOID"),
        ("cryptography.hazmat.primitives", "hashes"),
        ("cryptography.hazmat.primitives.asymmetric", "ec, rsa"),
        ("cryptography.hazmat.primitives.serialization", "Encoding, NoEncryption, PrivateFormat"),
    }
    assert found == {
        ("cryptography.exceptions", "InvalidTag"),
        ("cryptography.hazmat.primitives.ciphers.aead", "AESGCM"),
        ("cryptography.hazmat.primitives.hashes", "SHA256"),
        ("cryptography.hazmat.primitives.kdf.hkdf", "HKDF"),
    }


# ASVS 13.4.1, 13.4.3, 13.4.5
@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/.git/config",
        "/static/.git/config",
        "/static/../.git/config",
        "/static/%2e%2e/.git/config",
        "/static/",
        "/static/css/",
        "/beheer/doc/",
        "/metrics",
        "/server-status",
        "/var/db.sqlite3",
        "/manage.py",
    ],
)
def test_nothing_but_pages_and_listed_files_is_served(client: Client, address: str) -> None:
    answer = client.get(address, follow=True)
    assert answer.status_code == 404 or answer.request["PATH_INFO"] == "/inloggen/"


# ASVS 13.4.7
def test_only_files_for_browsers_are_among_the_static_files() -> None:
    kinds = {path.suffix for path in (ROOT / "static").rglob("*") if path.is_file()}
    # The one JSON file says how large the pictures of the manual are.
    assert kinds <= {".css", ".js", ".svg", ".png", ".ico", ".webp", ".json"}


# ASVS 14.2.5
@pytest.mark.django_db
@pytest.mark.parametrize("tail", ["x.css", "x.js", "..%2fx.css", ";x.css", "%0ax.css"])
def test_personal_page_under_a_name_of_a_file_is_not_given(tail: str) -> None:
    client = signed_in(UserFactory(first_name="Persoonlijk"))
    for address in ("/persoonlijke-gegevens/", "/persoonlijke-gegevens/sessies/"):
        answer = client.get(address + tail)
        assert answer.status_code == 404
        assert "no-store" in answer["Cache-Control"]
        assert b"Persoonlijk<" not in answer.content


# ASVS 6.4.2
# NIST N17
def test_account_has_no_hint_and_no_secret_question() -> None:
    names = [field.name for field in User._meta.get_fields()]
    assert not [name for name in names if re.search("hint|question|answer|maiden|birth|expires|changed", name)]


def test_texts_are_normalised_in_one_place_only() -> None:
    """Python's own takes quadratic time for combining marks, and blocks everybody: see `accounts.unicode_text`."""
    for folder in ("accounts", "assetmaps", "environments"):
        for path in (ROOT / folder).rglob("*.py"):
            slow = r"unicodedata\.normalize|import .*\bnormalize\b|\bucd_3_2_0\b|\bTruncator\b"
            calls = re.findall(slow, path.read_text())
            assert not calls or path == ROOT / "accounts" / "unicode_text.py", path
    for path in TEMPLATES:
        assert "|truncate" not in path.read_text(), path


def test_addresses_from_outside_are_split_in_one_place_only() -> None:
    """`urlsplit` normalises the host; see `accounts.unicode_text`. The others split what we or the operator wrote, or a
    header, which has no marks: a server hands each byte over as a character of its own."""
    splitting = {
        str(path.relative_to(ROOT))
        for folder in ("accounts", "assetmaps", "environments")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"import .*\b(urlsplit|urlparse)\b", path.read_text())
    }
    assert splitting == {
        "accounts/unicode_text.py",
        "accounts/mail/composing.py",
        "accounts/passwords/breached.py",
        "accounts/http_requests.py",
        "accounts/public_host.py",
        "accounts/sso/provider/client.py",
        "accounts/sso/provider/availability.py",
        "assetmaps/asgi.py",
        "assetmaps/checks.py",
        "assetmaps/configuration/addresses.py",
        "assetmaps/middleware.py",
        "assetmaps/settings.py",
    }


def test_nothing_in_the_database_outlives_a_transaction() -> None:
    """PgBouncer in transaction mode gives the next transaction another connection."""
    for folder in ("accounts", "assetmaps", "environments"):
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations" not in path.parts:
                text = path.read_text()
                assert not re.search(
                    r"\.iterator\(|pg_(try_)?advisory_lock|\bLISTEN\b|\bNOTIFY\b|\bSET (?!LOCAL)", text
                ), path
