"""What is missing before single sign-on can be switched on, and the status of the set-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from django.utils import timezone

from accounts import limits
from accounts.sso.inspection import findings
from accounts.sso.models import ClientProof, Connection


class Missing(Enum):
    PROVIDER = auto()
    PROOF = auto()  # no secret and no key pair
    UNREADABLE = auto()  # it cannot be decrypted, so it must be set again
    EXPIRED = auto()
    CHECK = auto()  # the discovery document was not read, or has a fault
    TEST = auto()  # no successful test sign-in with the present settings


def has_proof(connection: Connection) -> bool:
    if connection.client_proof == ClientProof.KEY_PAIR:
        return bool(connection.sealed_private_key)
    return bool(connection.sealed_secret)


def days_left(connection: Connection | None) -> int | None:
    """Until the secret or certificate expires; negative after that; None when no date is known."""
    if connection is None or connection.secret_expires_on is None:
        return None
    return (connection.secret_expires_on - timezone.localdate()).days


def is_expired(connection: Connection) -> bool:
    left = days_left(connection)
    return left is not None and left < 0


def expires_soon(connection: Connection | None) -> bool:
    left = days_left(connection)
    return left is not None and left <= max(limits.SECRET_WARNINGS).days


@dataclass(frozen=True)
class Steps:
    """Which steps of the set-up are done."""

    provider: bool
    proof: bool
    check: bool
    test: bool

    @property
    def provider_is_right(self) -> bool:
        """Filled in, and its discovery document has no fault."""
        return self.provider and self.check


def steps(connection: Connection | None) -> Steps:
    if connection is None:
        return Steps(provider=False, proof=False, check=False, test=False)
    return Steps(
        provider=bool(connection.issuer and connection.client_id),
        proof=has_proof(connection) and not is_expired(connection) and connection.is_readable(),
        check=findings.is_acceptable(findings.from_stored(connection.findings)),
        test=connection.tested_at is not None,
    )


def can_be_tested(connection: Connection | None) -> bool:
    """Is there enough for a test sign-in?"""
    done = steps(connection)
    return done.provider and done.proof


def missing(connection: Connection | None) -> list[Missing]:
    """In the order to fix them; empty when ready."""
    done = steps(connection)
    wanted = [
        (done.provider, Missing.PROVIDER),
        (done.proof, _proof_lacks(connection)),
        (done.check, Missing.CHECK),
        (done.test, Missing.TEST),
    ]
    return [what for is_done, what in wanted if not is_done]


def _proof_lacks(connection: Connection | None) -> Missing:
    if connection is None or not has_proof(connection):
        return Missing.PROOF
    return Missing.EXPIRED if connection.is_readable() else Missing.UNREADABLE
