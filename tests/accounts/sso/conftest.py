from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.accounts.sso.provider import Provider, start


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    made = Provider()
    server = start(made)
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = [f"127.0.0.1:{made.port}"]
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def second_provider(settings: Settings, provider: Provider) -> Iterator[Provider]:
    made = Provider()
    server = start(made)
    settings.SSO_ALLOWED_PRIVATE_ADDRESSES = [*settings.SSO_ALLOWED_PRIVATE_ADDRESSES, f"127.0.0.1:{made.port}"]
    yield made
    server.shutdown()
    server.server_close()
