"""The middleware is loaded once for all test clients: it takes a while."""

from __future__ import annotations

from typing import Any

from django.core.signals import setting_changed
from django.test.client import ClientHandler

LOADED = ("_middleware_chain", "_view_middleware", "_template_response_middleware", "_exception_middleware")
# No middleware reads these while it is loaded; any other setting that a test changes makes it load anew.
READ_LATER = {"SSO_ALLOWED_PRIVATE_ADDRESSES", "BREACHED_PASSWORDS_URL", "DNS_RESOLVERS"}


def share() -> None:
    loaded: dict[str, Any] = {}
    load = ClientHandler.load_middleware

    def load_once(handler: ClientHandler, is_async: bool = False) -> None:
        if not loaded:
            load(handler, is_async)
            loaded.update({name: getattr(handler, name) for name in LOADED})
        vars(handler).update(loaded)

    def forget(*, setting: str, **_more: object) -> None:
        if setting not in READ_LATER:
            loaded.clear()

    ClientHandler.load_middleware = load_once
    setting_changed.connect(forget, weak=False)
