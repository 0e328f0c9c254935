"""`manage.py check --deploy` also asks the services and the system, because the settings do not tell everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from assetmaps import service_checks
from tests import services
from tests.assetmaps.configuration.loading import run

MOUNTS = """overlay / overlay rw 0 0
nas:/portal /srv/shared nfs4 rw,relatime 0 0
/dev/sdb1 /srv/shared/own ext4 rw 0 0
nas:/two /srv/with\\040space cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("/srv/shared/var/db.sqlite3", "(nfs4)"),
        ("/srv/with space/db.sqlite3", "(cifs)"),
        ("/srv/shared/own/db.sqlite3", ""),
        ("/var/db.sqlite3", ""),
    ],
)
def test_sqlite_on_a_drive_of_the_network_is_told(
    file: str, says: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr(service_checks, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "django.db.backends.sqlite3", "NAME": file})
    found = service_checks.sqlite_is_on_this_machine()
    assert says in str(found and found.msg)
    assert bool(found) is bool(says)


def told(**variables: str) -> str:
    return run("manage.py", "check", "--deploy", **variables).stderr


@pytest.mark.skipif(services.missing("pg_config"), reason="no PostgreSQL")
def test_more_connections_than_postgresql_allows_are_told_and_a_limit_of_the_role_too() -> None:
    with services.Postgres("max_connections=30") as postgres:
        assert "2 processes of this machine may take 31 database connections; the database allows 27" in told(
            DATABASE_URL=postgres.url
        )
        assert "W006" not in told(DATABASE_URL=postgres.url, GUNICORN_CMD_ARGS="--workers 1")
        if not services.missing("pgbouncer"):
            with services.PgBouncer(services.HOST, postgres.port, "postgres", "", pool_size=10) as between:
                address = postgres.url.replace(str(postgres.port), str(between.port))
                assert "W006" not in told(DATABASE_URL=address)


@pytest.mark.skipif(services.missing("redis-server"), reason="no Redis")
def test_redis_that_forgets_when_it_is_full_is_told() -> None:
    with services.Redis("--maxmemory", "10mb", "--maxmemory-policy", "allkeys-lru") as redis:
        assert "maxmemory-policy allkeys-lru" in told(CACHE_URL=redis.url)
    with services.Redis("--maxmemory", "10mb") as redis:
        assert "W007" not in told(CACHE_URL=redis.url)


@pytest.mark.django_db
def test_database_of_the_tests_has_a_limit_on_postgresql_only() -> None:
    assert (service_checks.connections_allowed() is not None) == (connection.vendor == "postgresql")
