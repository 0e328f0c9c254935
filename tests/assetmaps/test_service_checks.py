"""`manage.py check --deploy` also asks the services and the system, because the settings do not tell everything."""

from __future__ import annotations

import platform
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts import limits
from accounts.background.models import Worker
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
        wanted = 2 * (limits.REQUEST_THREADS + limits.DATABASE_BACKGROUND) + service_checks.OTHER_CONNECTIONS
        expected = f"2 processes of this machine may take {wanted} database connections; the database allows 27"
        assert expected in told(DATABASE_URL=postgres.url)
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


def seen(minutes_ago: float, host: str = "") -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    Worker.objects.create(name=f"{host}{minutes_ago}", host=host or platform.node(), process=1, seen_at=at)


@pytest.mark.django_db
def test_worker_that_was_not_seen_for_five_minutes_is_told(settings: Settings) -> None:
    settings.WORKER = "separate"
    assert "manage.py worker" in service_checks.worker_runs().hint
    seen(6)
    assert service_checks.worker_runs().id == "assetmaps.W008"
    seen(4)
    assert service_checks.worker_runs() is None


@pytest.mark.django_db
def test_new_portal_whose_server_was_not_started_yet_has_no_worker_and_needs_none(settings: Settings) -> None:
    settings.WORKER = "embedded"
    assert service_checks.worker_runs() is None
    waits = DBTaskResult(task_path="x", args_kwargs={}, backend_name="default")
    waits.save()
    assert service_checks.worker_runs() is None
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(minutes=6))
    assert "No worker was seen for 5 minutes" in service_checks.worker_runs().msg


@pytest.mark.django_db
def test_several_machines_that_share_too_little_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    local = {"BACKEND": "assetmaps.caches.process_cache.ProcessCache"}
    monkeypatch.setitem(settings.CACHES, "default", local)
    seen(1)
    assert service_checks.machines_share_what_they_must() is None
    seen(6, host="eerder")
    assert service_checks.machines_share_what_they_must() is None
    seen(1, host="tweede")
    told = service_checks.machines_share_what_they_must().msg
    assert "runs on 2 machines" in told
    assert "tweede" in told
    assert "CACHE_URL names no shared cache" in told
    assert ("SQLite" in told) == (connection.vendor == "sqlite")


@pytest.mark.django_db
def test_database_of_the_tests_has_a_limit_on_postgresql_only() -> None:
    assert (service_checks.connections_allowed() is not None) == (connection.vendor == "postgresql")
