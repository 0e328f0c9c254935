"""DATABASE_URL, CACHE_URL and EMAIL_URL lead where they say, judged by what reads the settings in the end."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCacheClient
from django.core.mail.backends.smtp import EmailBackend

from tests.assetmaps.configuration.loading import ROOT, load

CONNECTION = ("host", "port", "db", "username", "password", "path")


def connection_of(found: dict[str, Any]) -> dict[str, Any]:
    """How Django's own client would connect to the cache, as redis-py reads it."""
    cache = found["CACHES"]["default"]
    assert cache["BACKEND"] == "assetmaps.caches.shared_cache.SharedCache"
    options = {name: value for name, value in cache.get("OPTIONS", {}).items() if not name.startswith("socket")}
    pool = RedisCacheClient([cache["LOCATION"]], **options)._get_connection_pool(write=True)
    return {name: pool.connection_kwargs[name] for name in CONNECTION if name in pool.connection_kwargs}


@pytest.mark.parametrize(
    ("value", "host", "port", "name"),
    [
        ("postgres://u:p@db/x", "db", "", "x"),
        ("postgresql://u:p@DB:5433/x", "db", 5433, "x"),
        ("pgsql://u@[2001:db8::1]:5432/x", "2001:db8::1", 5432, "x"),
        ("psql://u:p@my_db/x", "my_db", "", "x"),
        ("postgres:///x", "", "", "x"),
        ("postgres:////run/postgresql/x", "/run/postgresql", "", "x"),
        ("postgres://%2Frun%2FPostgreSQL/x", "/run/PostgreSQL", "", "x"),
        ("postgres://u:p@a:5432,b:5433/x?target_session_attrs=read-write", "a,b", "5432,5433", "x"),
        ("postgres:///?service=portal", "", "", ""),
    ],
)
def test_database_is_the_one_that_is_named(
    value: str, host: str, port: int | str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load(monkeypatch, DATABASE_URL=value)["DATABASES"]["default"]
    assert found["ENGINE"] == "assetmaps.postgresql"
    assert (found["HOST"], found["PORT"], found["NAME"]) == (host, port, name)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", str(ROOT / "var" / "db.sqlite3")),
        ("sqlite:///portal.sqlite3", str(ROOT / "portal.sqlite3")),  # wherever the command is started
        ("sqlite:////srv/a+b%20c/portal.sqlite3", "/srv/a+b c/portal.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_file_of_sqlite_is_the_one_that_is_named(value: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    entry = load(monkeypatch, DATABASE_URL=value)["DATABASES"]["default"]
    assert (entry["NAME"], entry["CONN_MAX_AGE"]) == (name, None)  # kept by each thread


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("redis://cache", {"host": "cache"}),
        ("redis://cache:6380/3", {"host": "cache", "port": 6380, "db": 3}),
        (
            "rediss://portal:geheim@my_cache/0",
            {"host": "my_cache", "db": 0, "username": "portal", "password": "geheim"},
        ),
        ("redis://[::1]:6379?db=2", {"host": "::1", "port": 6379, "db": 2}),
        ("unix:///run/redis.sock", {"path": "/run/redis.sock"}),
        ("unix://:geheim@/run/redis.sock?db=2", {"path": "/run/redis.sock", "password": "geheim", "db": 2}),
    ],
)
def test_cache_is_the_one_that_is_named(value: str, meant: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection_of(load(monkeypatch, CACHE_URL=value)) == meant


def test_options_of_the_cache_are_those_that_django_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    found = load(monkeypatch, CACHE_URL="rediss://cache?key_prefix=portal&ssl_ca_certs=/etc/ca.pem")["CACHES"][
        "default"
    ]
    assert found["KEY_PREFIX"] == "portal"
    assert found["OPTIONS"]["ssl_ca_certs"] == "/etc/ca.pem"


@pytest.mark.parametrize(
    ("value", "port", "starttls", "implicit"),
    [
        ("smtp://mail", 25, False, False),
        ("smtp://mail:2525", 2525, False, False),
        ("smtp+tls://mail", 587, True, False),
        ("smtps://mail", 465, False, True),
        ("smtp+ssl://mail", 465, False, True),
        ("SMTPS://mail:4650", 4650, False, True),
    ],
)
def test_scheme_of_mail_decides_how_it_is_encrypted(
    value: str, port: int, starttls: bool, implicit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load(monkeypatch, EMAIL_URL=value)
    told = (found["EMAIL_PORT"], found.get("EMAIL_USE_TLS", False), found.get("EMAIL_USE_SSL", False))
    assert told == (port, starttls, implicit)


@pytest.mark.parametrize(("scheme", "first"), [("smtps", b"\x16\x03"), ("smtp+tls", b"")])
def test_first_bytes_to_the_mail_server_are_those_of_the_scheme(
    scheme: str, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS from the start sends a handshake (RFC 8446 section 5.1); STARTTLS waits for the server's greeting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = load(monkeypatch, EMAIL_URL=f"{scheme}://127.0.0.1:{server.getsockname()[1]}")
        mailer = EmailBackend(
            host=found["EMAIL_HOST"],
            port=found["EMAIL_PORT"],
            use_tls=found.get("EMAIL_USE_TLS", False),
            use_ssl=found.get("EMAIL_USE_SSL", False),
            timeout=0.3,
        )
        with pytest.raises(OSError, match="timed out"):
            mailer.open()
        connection, _address = server.accept()
        with connection:
            connection.setblocking(False)
            try:
                heard = connection.recv(2)
            except BlockingIOError:
                heard = b""
    assert heard == first
