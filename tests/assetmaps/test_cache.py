"""The shared cache while Redis works, does not answer, is down or refuses writes: waits are short, and limits stay."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core.cache import cache, caches
from django.test import Client

from accounts import limits, rate_limits
from accounts.sso.provider import metadata_cache
from assetmaps.caches import shared_cache
from assetmaps.caches.shared_cache import SharedCache
from tests.conftest import mails, sign_in
from tests.factories import PASSWORD, UserFactory
from tests.services import Redis

HOUR = timedelta(hours=1)
SOON = 2  # seconds; two questions of a quarter of a second each, on a busy machine


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    with Redis() as started:
        yield started


@pytest.fixture
def ask(server: Redis) -> Iterator[redis.Redis]:
    """The server itself, running and empty."""
    server.go_on()
    with redis.Redis(port=server.port) as client:
        client.config_set("maxmemory", 0)
        client.replicaof("no", "one")
        client.flushall()
        yield client
        server.go_on()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Each test begins as a process does."""
    shared_cache.local_fallback.cache_clear()


def use(settings: Any, url: str) -> SharedCache:
    settings.CACHES = {"default": {"BACKEND": "assetmaps.caches.shared_cache.SharedCache", "LOCATION": url}}
    return caches["default"]


@pytest.fixture
def used(ask: redis.Redis, server: Redis, settings: Any) -> SharedCache:
    """The portal's cache, in front of that server."""
    return use(settings, server.url)


def let_rest_end(used: SharedCache) -> None:
    used._fallback.breaker._retry_at = time.monotonic() - 1


def spend(limit: int = 3) -> bool:
    return rate_limits.consume("test", "one", limit=limit, period=HOUR)


def stop(server: Redis, ask: redis.Redis) -> None:
    server.pause()


def fill(server: Redis, ask: redis.Redis) -> None:
    ask.config_set("maxmemory", 1)


def make_replica(server: Redis, ask: redis.Redis) -> None:
    ask.replicaof("127.0.0.1", "1")


FAULTS = [stop, fill, make_replica]


@pytest.mark.parametrize("fault", FAULTS)
def test_limit_stays_while_redis_does_not_count(
    used: SharedCache, ask: redis.Redis, server: Redis, fault: Callable[[Redis, redis.Redis], None]
) -> None:
    assert [spend(), spend()] == [True, True]
    fault(server, ask)
    begin = time.monotonic()
    assert [spend() for _ in range(20)] == [True] + [False] * 19
    assert time.monotonic() - begin < SOON


def test_a_gone_redis_and_one_that_has_no_name_are_no_different(settings: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for address in (f"127.0.0.1:{closed.getsockname()[1]}", "redis.invalid:6379"):
            use(settings, f"redis://{address}/0")
            begin = time.monotonic()
            assert [spend() for _ in range(5)] == [True] * 3 + [False] * 2
            assert time.monotonic() - begin < SOON


def test_name_server_that_is_mute_is_not_waited_for(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def mute(host: str, *args: object, **options: object) -> object:
        if host == "mute.invalid":
            time.sleep(3)
            raise socket.gaierror
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", mute)
    use(settings, "redis://mute.invalid:6379/0")
    begin = time.monotonic()
    assert [spend() for _ in range(5)] == [True] * 3 + [False] * 2
    assert time.monotonic() - begin < SOON


def test_what_was_counted_meanwhile_counts_for_all_afterwards(used: SharedCache, server: Redis) -> None:
    spend(9)
    server.pause()
    assert all(spend(9) for _ in range(3))
    rate_limits.refund("test", "one")
    server.go_on()
    let_rest_end(used)
    spend(9)
    shared_cache.local_fallback.cache_clear()
    elsewhere = SharedCache(server.url, {})  # as in another process: nothing in common but Redis
    assert elsewhere.count(rate_limits._key("test", "one"), 60) >= 5  # 1 + 2 + 1 + 1; what timed out may count twice


def test_emptied_redis_opens_no_limit_and_counts_nothing_twice(
    used: SharedCache, ask: redis.Redis, settings: Any, server: Redis
) -> None:
    other = SharedCache(f"{server.url}?", {})  # as another process: with a memory of its own
    assert [spend() for _ in range(2)] == [True, True]
    key = rate_limits._key("test", "one")
    assert other.count(key, 3600) == 3
    ask.flushall()
    assert other.count(key, 3600) == 4, "that process saw three"
    assert not spend(), "this one saw two, which is less"
    assert used.count(key, 3600, -1) == 4
    assert 3500 < ask.ttl(used._redis.make_key(key)) <= 3600
    assert used.count("new", 3600) == 1
    ask.flushall()
    rate_limits.forget("test", "one")
    assert spend(), "forgotten on purpose"


def test_what_was_counted_while_redis_was_away_counts_once_when_it_comes_back_empty(
    used: SharedCache, server: Redis, ask: redis.Redis
) -> None:
    assert used.count("a", 3600) == 1
    server.pause()
    assert [used.count("a", 3600) for _ in range(2)] == [2, 3]
    server.go_on()
    ask.flushall()
    let_rest_end(used)
    assert used.count("a", 3600) == 4


def test_mute_redis_is_asked_once_and_then_left_alone_for_a_while(used: SharedCache, server: Redis) -> None:
    spend()
    server.pause()
    spend()
    begin = time.monotonic()
    for _ in range(50):
        spend()
        cache.get("x")
        cache.set("x", 1)
        cache.add("y", 1)
        cache.delete("x")
    assert time.monotonic() - begin < limits.CACHE_TIMEOUT.total_seconds()  # or one of them had waited
    assert limits.CACHE_REST.total_seconds() >= 2


def test_only_one_thread_tries_again(used: SharedCache, server: Redis) -> None:
    spend()
    server.pause()
    spend()
    let_rest_end(used)
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: used._fallback.breaker.allows_request(), range(40))) == 1


# ASVS 16.5.2
@pytest.mark.django_db(transaction=True)
def test_sign_in_goes_on_while_redis_is_mute(client: Client, used: SharedCache, server: Redis) -> None:
    server.pause()
    person = UserFactory()
    begin = time.monotonic()
    assert sign_in(client, person).url == "/"
    assert client.post("/wachtwoord-vergeten/", {"email": person.email}).status_code == 302
    assert time.monotonic() - begin < 2 * SOON  # 10 s a sign-in it was
    assert len(mails()) == 1


@pytest.mark.django_db
def test_guessing_is_stopped_while_redis_is_mute(
    client: Client, used: SharedCache, server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NETWORK_FAILURES", 3)
    server.pause()
    for number in range(3):
        client.post("/inloggen/", {"username": f"niemand{number}@voorbeeld.nl", "password": PASSWORD})
    person = UserFactory()
    assert client.post("/inloggen/", {"username": person.email, "password": PASSWORD}).status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_reports_of_browsers_are_taken_while_redis_is_mute(client: Client, used: SharedCache, server: Redis) -> None:
    server.pause()
    answers = [client.post("/csp-melding/", "{}", content_type="application/csp-report") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [204] * limits.POLICY_REPORTS + [429]


def test_what_is_kept_of_a_provider_is_kept_by_the_process_meanwhile(used: SharedCache, server: Redis) -> None:
    server.pause()
    cache.set("kept", {"a": 1}, 60)
    assert cache.get("kept") == {"a": 1}
    assert cache.add("first", 1, 60)
    assert not cache.add("first", 1, 60)
    server.go_on()
    let_rest_end(used)
    cache.get("something")
    server.pause()
    let_rest_end(used)
    assert cache.get("kept") is None  # what was kept in one outage is too old in the next


def test_what_was_forgotten_meanwhile_is_forgotten_afterwards(used: SharedCache, server: Redis) -> None:
    cache.set("kept", {"a": 1}, 60)
    server.pause()
    metadata_cache.delete("kept", "one")
    cache.delete("kept")
    server.go_on()
    let_rest_end(used)
    assert cache.get("kept") is None


def test_no_count_lives_for_ever(used: SharedCache, ask: redis.Redis) -> None:
    key = f":1:{rate_limits._key('test', 'one')}"
    ask.set(key, 2)  # what an earlier version could leave behind
    assert spend()
    assert 0 < ask.ttl(key) <= HOUR.total_seconds()
    rate_limits.refund("test", "nobody")
    assert not ask.exists(f":1:{rate_limits._key('test', 'nobody')}")


def test_parallel_counts_are_exact(used: SharedCache) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: spend(7), range(60))) == 7


def test_restarted_redis_is_used_at_once(used: SharedCache, ask: redis.Redis, server: Redis) -> None:
    assert spend()
    server.stop()
    server.start()
    assert spend()
    assert ask.exists(f":1:{rate_limits._key('test', 'one')}")


def test_address_and_password_of_redis_are_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    found = SharedCache("redis://iemand:heel-geheim@redis.invalid:6379/0", {})
    found.count("x", 60)
    assert "the cache does not answer" in caplog.text
    assert "geheim" not in caplog.text
    assert "redis.invalid" not in caplog.text


def test_memory_of_the_process_is_bounded(used: SharedCache, server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    server.pause()
    spend()
    for store in (used._fallback.counts, used._fallback.unsent):
        assert store._max_entries == limits.CACHE_ENTRIES
        monkeypatch.setattr(store, "_max_entries", 50)
    for number in range(200):
        rate_limits.consume("test", f"subject {number}", limit=1, period=HOUR)
    assert len(used._fallback.counts._cache) <= 50
    assert len(used._fallback.unsent._cache) <= 50
