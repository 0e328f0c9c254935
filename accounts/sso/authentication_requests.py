"""Pending authentication requests, kept in the browser's session so that no other browser can complete them.

One for each tab, `limits.SSO_TRANSACTIONS` at most; each is used once and expires (ASVS 10.1.2, 10.2.1).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any, NamedTuple

from accounts import limits
from accounts.models import User
from accounts.sso.models import Connection

KEY = "sso_transactions"
RANDOM_BYTES = 32  # bytes; state and nonce need 16, the verifier 32 (RFC 7636 section 4.1)
Session = MutableMapping[str, Any]


class Purpose(StrEnum):
    SIGN_IN = "sign_in"
    PROVE = "prove"  # reauthentication of somebody who is signed in ("Bevestig dat jij het bent")
    LINK = "link"  # somebody who is signed in links the business account
    INVITED = "invited"  # somebody with an invitation links it instead of choosing a password
    TEST = "test"  # an administrator tests the settings


# Sign in anew at the provider: on a shared computer the session there may be a colleague's.
REAUTHENTICATED = (Purpose.PROVE, Purpose.LINK, Purpose.INVITED)


class AuthenticationRequest(NamedTuple):
    """``target``: the address on this site to go to afterwards; ``user``: id of the person, where known beforehand;
    ``begun_at``: seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    organisation: int
    issuer: str
    purpose: Purpose
    target: str
    user: int | None
    begun_at: float

    @property
    def is_fresh(self) -> bool:
        return 0 <= time.time() - self.begun_at <= limits.SSO_TRANSACTION.total_seconds()


def begin(
    session: Session, connection: Connection, purpose: Purpose, *, target: str, user: User | None = None
) -> AuthenticationRequest:
    request = AuthenticationRequest(
        state=secrets.token_urlsafe(RANDOM_BYTES),
        nonce=secrets.token_urlsafe(RANDOM_BYTES),
        verifier=secrets.token_urlsafe(RANDOM_BYTES),
        organisation=connection.organisation_id,
        issuer=connection.issuer,
        purpose=purpose,
        target=target,
        user=user.pk if user else None,
        begun_at=time.time(),
    )
    store(session, [*_all(session), request])
    return request


def find(session: Session, state: str, connection: Connection) -> AuthenticationRequest | None:
    """The fresh request with this state, if this browser began it for this organisation and issuer."""
    found = next((one for one in _all(session) if one.state == state), None)
    matches = found is not None and (found.organisation, found.issuer) == (
        connection.organisation_id,
        connection.issuer,
    )
    return found if matches and found is not None and found.is_fresh else None


def discard(session: Session, request: AuthenticationRequest) -> None:
    store(session, [one for one in _all(session) if one.state != request.state])


def sign_ins_in_progress(session: Session) -> list[AuthenticationRequest]:
    """Sign-ins in other tabs, which may complete after this session is replaced. Other purposes end with it."""
    return [one for one in _all(session) if one.purpose is Purpose.SIGN_IN]


def store(session: Session, requests: list[AuthenticationRequest]) -> None:
    newest = [one for one in requests if one.is_fresh][-limits.SSO_TRANSACTIONS :]
    if newest:
        session[KEY] = [one._asdict() for one in newest]
    else:
        session.pop(KEY, None)


def _all(session: Session) -> list[AuthenticationRequest]:
    return [AuthenticationRequest(**{**one, "purpose": Purpose(one["purpose"])}) for one in session.get(KEY, [])]
