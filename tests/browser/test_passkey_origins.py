"""A second host of the same portal: Chromium asks the first which hosts belong together, and uses passkeys there."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from playwright.sync_api import Browser

from accounts.two_factor.models import Passkey
from tests.accounts.sso.test_http import certificate
from tests.browser.page_tour import EMPLOYEE
from tests.browser.passkeys import make
from tests.browser.screen import Screen
from tests.browser.virtual_authenticator import Device
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST, SECOND, STRANGE = "mijn.assetmaps.test", "mijn.voorbeeld.test", "mijn.elders.test"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def port(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[int]:
    """Of the portal with TLS, for passkeys at any other host than this machine need that."""
    settings.PUBLIC_URL, settings.PASSKEY_ORIGINS = f"https://{FIRST}", [f"https://{SECOND}"]
    settings.ALLOWED_HOSTS = [FIRST, SECOND, STRANGE]
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(WSGIHandler())
    server.base_environ["HTTPS"] = "on"
    with_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with_tls.load_cert_chain(certificate(tmp_path, FIRST))
    server.socket = with_tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def chromium(port: int, launch_browser: Callable[..., Browser], browser_type_launch_args: dict) -> Iterator[Browser]:
    """Asks this machine for these hosts, and takes the certificate that nobody vouches for."""
    more = [f"--host-resolver-rules=MAP *.test:443 127.0.0.1:{port}", "--ignore-certificate-errors"]
    started = launch_browser(args=[*browser_type_launch_args["args"], *more])
    yield started
    started.close()


def test_passkey_counts_at_the_second_host_and_at_no_other(chromium: Browser) -> None:
    person = UserFactory(email=EMPLOYEE)
    page = chromium.new_context(locale="nl-NL").new_page()
    device, screen = Device(page), Screen(page, f"https://{FIRST}")
    screen.sign_in(person.email)
    make(screen)
    assert Passkey.objects.get().last_used_at is None
    for host, opens in [(STRANGE, False), (SECOND, True)]:
        there = Screen(page, f"https://{host}")
        there.open("/inloggen/")
        there.page.keyboard.press("Tab")
        if opens:
            there.heading("Mijn Omgevingen")
        else:
            there.page.wait_for_load_state("networkidle")
            there.heading("Inloggen")
    assert Passkey.objects.get().last_used_at
    assert len(device.credentials) == 1
