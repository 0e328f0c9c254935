"""The whole sign-in by passkey: it shows possession and, by fingerprint, face or PIN, who it is; so both factors."""

from __future__ import annotations

from accounts.audit.origin import Origin
from accounts.organisations import emergency, sign_in_policy
from accounts.throttling import spraying
from accounts.throttling.known_browsers import KnownBrowsers
from accounts.two_factor.passkeys import flows as passkeys
from accounts.two_factor.passkeys.ceremonies import Purpose
from accounts.two_factor.verification import OnAccepted, Outcome, VerificationResult


def sign_in(
    ceremony: str, credential: str, *, binding: str, origin: Origin, browsers: KnownBrowsers, on_accepted: OnAccepted
) -> VerificationResult:
    """Judge the passkey; ``on_accepted`` opens the session, in the same transaction. Refused for whom a right password
    opens nothing either: people who are not active, and those whose organisation takes the business account only."""

    def accepted(answer: VerificationResult) -> None:
        on_accepted(answer)
        if answer.device is not None and sign_in_policy.is_emergency_account(answer.device.user):
            emergency.notify_of_use(answer.device.user, origin)

    answer = passkeys.verify(
        None,
        ceremony,
        credential,
        purpose=Purpose.SIGN_IN,
        binding=binding,
        origin=origin,
        browsers=browsers,
        on_accepted=accepted,
    )
    if answer.outcome is Outcome.ACCEPTED and answer.device is not None:
        spraying.record_accepted(answer.device.user.email)
    return answer
