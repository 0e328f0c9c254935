"""Which of our sessions belong to a session at a provider, for the logout that the provider asks for."""

from __future__ import annotations

import hashlib

from accounts.sso.models import Connection


def provider_session_digest(connection: Connection, *, session: str = "", subject: str = "") -> str:
    """What our session stores of the session at the provider: of its ``sid``, or without one of the person's ``sub``.

    Hexadecimal SHA-256, so that the database holds no name from the provider.
    """
    kind, name = ("session", session) if session else ("subject", subject)
    text = chr(0).join((str(connection.organisation_id), connection.issuer, kind, name))
    return hashlib.sha256(text.encode()).hexdigest()
