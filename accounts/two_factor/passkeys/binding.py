"""What binds the question on a page to the browser that shows it."""

from __future__ import annotations

from django.contrib.sessions.backends.base import SessionBase

from accounts.active_sessions import store
from accounts.two_factor.passkeys import ceremonies


def of_session(session: SessionBase) -> str:
    """Of somebody who is signed in, by the name of the sign-in: the key of the session changes with fresh proof, which
    a page may have to wait for. Before the second factor, by that key. Empty without a session."""
    return ceremonies.binding_of(str(session.get(store.SIGN_IN) or session.session_key or ""))


def of_visitor(secret: str) -> str:
    """Of somebody without a session. ``secret``: `http_requests.csrf_secret`."""
    return ceremonies.binding_of(secret)
