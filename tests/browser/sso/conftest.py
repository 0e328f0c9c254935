"""Two organisations, each with a certified provider of its own, and a portal that may reach exactly those two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests import provider
from tests.browser.conftest import Watch
from tests.browser.screen import Screen
from tests.browser.sso.connection import Agreement
from tests.provider import LocalProvider

Providers = tuple[LocalProvider, LocalProvider]


@pytest.fixture(scope="session")
def providers(tmp_path_factory: pytest.TempPathFactory, live_server: Any) -> Iterator[Providers]:
    try:
        provider.install()
    except provider.MissingError as missing:
        pytest.skip(f"{missing}; the browser tests of single sign-on are left out")
    folder = tmp_path_factory.mktemp("providers")
    # Hosts of their own, because browsers share cookies between the ports of one.
    town = LocalProvider(folder, "gemeente-voorbeeld", live_server.url, host="127.0.0.2")
    housing = LocalProvider(folder, "wonen-aan-de-dijk", live_server.url, host="127.0.0.3")
    try:
        town.start()
        housing.start()
        yield town, housing
    finally:
        town.stop()
        housing.stop()


@pytest.fixture
def reachable(settings: Settings, providers: Providers, live_server: Any, watch: Watch) -> None:
    settings.PUBLIC_URL = live_server.url
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = [one.address for one in providers]
    watch.others |= {one.address for one in providers}


@pytest.fixture
def town(screen: Screen, providers: Providers, reachable: None) -> Agreement:
    """Gemeente Voorbeeld: the claim ``amr`` must show a second step, and our code is asked where it does not."""
    return Agreement.make("Gemeente Voorbeeld", "voorbeeld.nl", providers[0])


@pytest.fixture
def housing(screen: Screen, providers: Providers, reachable: None) -> Agreement:
    """Wonen aan de Dijk: the same, at a provider of its own."""
    return Agreement.make("Wonen aan de Dijk", "aandedijk.nl", providers[1])


@pytest.fixture
def stopped() -> Iterator[Callable[[LocalProvider], None]]:
    """Stops a provider; it runs again for the next test."""
    gone: list[LocalProvider] = []

    def stop(one: LocalProvider) -> None:
        one.stop()
        gone.append(one)

    yield stop
    for one in gone:
        one.restart()
