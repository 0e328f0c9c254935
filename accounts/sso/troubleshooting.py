"""What an administrator reads about a failure at the provider: the cause and where to look."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.sso.refusal_reasons import Reason

# What an administrator changes here, by the name of the page; the other reasons are mended at the provider.
PLACES = {
    "sso_secret": {Reason.OUR_SECRET, Reason.UNREADABLE},
    "sso_provider": {
        Reason.DISCOVERY_ISSUER,
        Reason.ISSUER,
        Reason.ANSWER_ISSUER,
        Reason.AUDIENCE,
        Reason.AUTHORISED_PARTY,
        Reason.NOT_ENCRYPTED,
        Reason.PRIVATE_ADDRESS,
        Reason.NOT_JSON,
        Reason.DISCOVERY_INCOMPLETE,
        Reason.PROVIDER_ERROR,
        Reason.CODE_REFUSED,
        Reason.EXCHANGE_REFUSED,
    },
    "sso_second_step": {Reason.NO_SECOND_STEP},
    "sso_people": {Reason.UNKNOWN_PERSON},
    "sso_domains": {Reason.ADDRESS_FOREIGN},
}
UNAVAILABLE = frozenset(
    {
        Reason.UNREACHABLE,
        Reason.TOO_SLOW,
        Reason.HTTP_STATUS,
        Reason.REDIRECTED,
        Reason.TOO_LARGE,
        Reason.FAILED_JUST_NOW,
        Reason.PROVIDER_BUSY,
    }
)
NOT_OPENID = frozenset({Reason.NOT_JSON, Reason.DISCOVERY_INCOMPLETE, Reason.KEYS_UNUSABLE, Reason.NO_ID_TOKEN})
CLOCK_SKEW = frozenset({Reason.EXPIRED, Reason.TOO_EARLY, Reason.TOO_OLD})


def of_failure(stored: str) -> str:
    """The sentence for a stored reason, with its code, which is in the log too; empty without a failure."""
    if not stored:
        return ""
    try:
        sentence = of_reason(Reason(stored))
    except ValueError:  # of another version of the program
        return stored
    return f"{sentence} ({stored})"


def place_of(stored: str) -> str:
    """The URL name of the page where an administrator mends this reason; empty when that is not here."""
    return next((page for page, reasons in PLACES.items() if stored in reasons), "")


def of_reason(reason: Reason) -> str:
    if reason in UNAVAILABLE:
        return _("The provider did not answer, or not in time.")
    if reason in NOT_OPENID:
        return _("The provider gave an answer that is not one of OpenID Connect.")
    if reason in CLOCK_SKEW:
        return _("The token of the provider was not valid at this moment. Perhaps its clock is wrong.")
    if reason in (Reason.NOT_ENCRYPTED, Reason.PRIVATE_ADDRESS):
        return _("An address of the provider is not a public address with https.")
    return _of_agreement(reason) or _of_person(reason)


def _of_agreement(reason: Reason) -> str:
    match reason:
        case Reason.OUR_SECRET:
            return _("The provider does not accept our secret or key pair. Has it expired, or was it replaced there?")
        case Reason.UNREADABLE:
            return _(
                "The portal cannot read its own secret or key pair. Set it anew, and tell whoever runs the portal."
            )
        case Reason.DISCOVERY_ISSUER | Reason.ISSUER | Reason.ANSWER_ISSUER:
            return _("The provider calls itself otherwise than the issuer that is filled in.")
        case Reason.AUDIENCE | Reason.AUTHORISED_PARTY:
            return _("The token was meant for another client. Is the client id right?")
        case Reason.ALGORITHM:
            return _("The provider signs in a way that we do not accept.")
        case Reason.TOKEN_HASH:
            return _("The token did not belong to the answer that it came in.")
        case Reason.UNKNOWN_KEY | Reason.SIGNATURE:
            return _("The token was not signed with a key of the provider.")
        case Reason.CODE_REFUSED | Reason.PROVIDER_ERROR:
            return _("The provider refused the request. Is the redirect address the same there?")
        case Reason.SUBJECT:
            return _("The provider does not say who it is: the claim “sub” is missing.")
        case Reason.AUTHENTICATION_TIME:
            return _("The provider does not say when the person signed in there (the claim “auth_time”).")
        case _else:
            return ""


def _of_person(reason: Reason) -> str:
    match reason:
        case Reason.DENIED:
            return _("The sign-in was broken off at the provider, or the person may not use the portal there.")
        case Reason.UNKNOWN_PERSON:
            return _("Nobody here has this business account, and accounts are not made at the first visit.")
        case Reason.ADDRESS_MISSING:
            return _("There is no usable e-mail address in the claims, so no account can be made.")
        case Reason.ADDRESS_TAKEN:
            return _("Somebody here has this e-mail address already. That person links the business account once.")
        case Reason.ADDRESS_FOREIGN:
            return _("The e-mail address is not of a mail domain that this organisation has proved.")
        case Reason.ADDRESS_UNVERIFIED:
            return _("The provider says that the e-mail address is not verified.")
        case Reason.INACTIVE:
            return _("The account here is deactivated.")
        case Reason.OTHER_ORGANISATION:
            return _("The account here belongs to another organisation now.")
        case Reason.NO_SECOND_STEP:
            return _("The second step was not shown, and then the sign-in is refused.")
        case Reason.ONE_FACTOR_AT_MOST:
            return _("Over this person your organisation does not decide: the portal always asks its own code as well.")
        case _else:
            return _("The answer of the provider did not belong to this sign-in. Begin again.")
