"""Why a sign-in through a provider is refused: for the log, the audit entry and the set-up page."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    # Authentication request and answer.
    NO_TRANSACTION = "no_transaction"  # no request of this browser for this organisation, or it expired
    REPEATED = "repeated"  # this answer was used before
    DENIED = "denied"  # the person or the provider said no (RFC 6749 section 4.1.2.1)
    PROVIDER_ERROR = "provider_error"
    ANSWER_ISSUER = "answer_issuer"  # RFC 9207
    NO_CODE = "no_code"
    TOO_OFTEN = "too_often"
    # Reaching the provider.
    NOT_ENCRYPTED = "not_encrypted"
    PRIVATE_ADDRESS = "private_address"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"
    NOT_JSON = "not_json"
    HTTP_STATUS = "http_status"
    FAILED_JUST_NOW = "failed_just_now"  # not asked again yet
    PROVIDER_BUSY = "provider_busy"  # too many requests wait for its answer
    # Its metadata and keys.
    DISCOVERY_ISSUER = "discovery_issuer"
    DISCOVERY_INCOMPLETE = "discovery_incomplete"
    KEYS_UNUSABLE = "keys_unusable"
    # The token request.
    OUR_SECRET = "our_secret"  # noqa: S105 - there is none, or the provider does not accept it
    UNREADABLE = "unreadable"  # the portal cannot decrypt its own secret or key pair
    CODE_REFUSED = "code_refused"  # an expired or invented code: any visitor can send one
    EXCHANGE_REFUSED = "exchange_refused"
    NO_ID_TOKEN = "no_id_token"  # noqa: S105
    # The ID token or logout token.
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    TOKEN_TYPE = "token_type"  # noqa: S105
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTHORISED_PARTY = "authorised_party"
    EXPIRED = "expired"
    TOO_EARLY = "too_early"
    TOO_OLD = "too_old"
    NONCE = "nonce"
    TOKEN_HASH = "token_hash"  # noqa: S105 - the ID token belongs to another code or access token
    SUBJECT = "subject"
    AUTHENTICATION_TIME = "authentication_time"
    LOGOUT_TOKEN = "logout_token"  # noqa: S105
    # The person.
    UNKNOWN_PERSON = "unknown_person"
    ADDRESS_MISSING = "address_missing"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_FOREIGN = "address_foreign"  # not of a mail domain that the organisation proved
    ADDRESS_UNVERIFIED = "address_unverified"
    INACTIVE = "inactive"
    OTHER_ORGANISATION = "other_organisation"
    OTHER_PERSON = "other_person"
    LINKED_ALREADY = "linked_already"
    INVITATION = "invitation"
    NO_SECOND_STEP = "no_second_step"
    ONE_FACTOR_AT_MOST = "one_factor_at_most"  # the organisation does not decide over this person

    @property
    def is_of_provider(self) -> bool:
        """Is the fault the connection's or the provider's, whoever the visitor is?"""
        return self in _OF_PROVIDER

    @property
    def is_outage(self) -> bool:
        return self in _OUTAGE or self in (Reason.FAILED_JUST_NOW, Reason.PROVIDER_BUSY)


# Without those two: the cause that an administrator needs was noted before.
_OUTAGE = frozenset(
    {Reason.UNREACHABLE, Reason.TOO_SLOW, Reason.TOO_LARGE, Reason.REDIRECTED, Reason.NOT_JSON, Reason.HTTP_STATUS}
)
_OF_PROVIDER = _OUTAGE | {
    Reason.NOT_ENCRYPTED,
    Reason.PRIVATE_ADDRESS,
    Reason.DISCOVERY_ISSUER,
    Reason.DISCOVERY_INCOMPLETE,
    Reason.KEYS_UNUSABLE,
    Reason.OUR_SECRET,
    Reason.UNREADABLE,
    Reason.EXCHANGE_REFUSED,
    Reason.NO_ID_TOKEN,
    Reason.MALFORMED,
    Reason.ALGORITHM,
    Reason.TOKEN_TYPE,
    Reason.UNKNOWN_KEY,
    Reason.SIGNATURE,
    Reason.ISSUER,
    Reason.AUDIENCE,
    Reason.AUTHORISED_PARTY,
    Reason.EXPIRED,
    Reason.TOO_EARLY,
    Reason.TOO_OLD,
    Reason.NONCE,
    Reason.TOKEN_HASH,
    Reason.SUBJECT,
    Reason.AUTHENTICATION_TIME,
}


class RefusedError(Exception):
    """Raised inside the protocol code; flows return its reason. Never holds a part of what was received."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
