"""What this browser is doing at a provider: kept in its session, so that no other browser can finish it.

One for each tab, `limits.SSO_TRANSACTIONS` at most; each is used once and ends by itself (ASVS 10.1.2, 10.2.1).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from accounts import limits
from accounts.models import User
from accounts.sso.models import Connection

KEY = "sso_transactions"
RANDOM = 32  # bytes; state and nonce need 16, the verifier 32 (RFC 7636 section 4.1)
Session = MutableMapping[str, Any]


class Purpose(StrEnum):
    SIGN_IN = "sign_in"
    PROVE = "prove"  # "Bevestig dat jij het bent" of somebody who is signed in
    LINK = "link"  # somebody who is signed in links the business account
    INVITED = "invited"  # somebody with an invitation does
    TEST = "test"  # an administrator looks what would happen


@dataclass(frozen=True)
class Transaction:
    """``target``: the own address to go to; ``user``: for whom, where that is known beforehand; ``begun_at``: seconds
    since 1970."""

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
) -> Transaction:
    fresh = Transaction(
        state=secrets.token_urlsafe(RANDOM),
        nonce=secrets.token_urlsafe(RANDOM),
        verifier=secrets.token_urlsafe(RANDOM),
        organisation=connection.organisation_id,
        issuer=connection.issuer,
        purpose=purpose,
        target=target,
        user=user.pk if user else None,
        begun_at=time.time(),
    )
    keep(session, [*_all(session), fresh])
    return fresh


def find(session: Session, state: str, connection: Connection) -> Transaction | None:
    """The transaction with this state, if it was begun here, for this organisation and issuer, and is not too old."""
    found = next((one for one in _all(session) if one.state == state), None)
    mine = found is not None and (found.organisation, found.issuer) == (connection.organisation_id, connection.issuer)
    return found if mine and found is not None and found.is_fresh else None


def drop(session: Session, transaction: Transaction) -> None:
    keep(session, [one for one in _all(session) if one.state != transaction.state])


def of_other_tabs(session: Session) -> list[Transaction]:
    """Sign-ins that may go on after this browser's session ended for another one. The rest belongs to that session."""
    return [one for one in _all(session) if one.purpose is Purpose.SIGN_IN]


def keep(session: Session, these: list[Transaction]) -> None:
    newest = [one for one in these if one.is_fresh][-limits.SSO_TRANSACTIONS :]
    if newest:
        session[KEY] = [asdict(one) for one in newest]
    else:
        session.pop(KEY, None)


def _all(session: Session) -> list[Transaction]:
    return [Transaction(**{**one, "purpose": Purpose(one["purpose"])}) for one in session.get(KEY, [])]
