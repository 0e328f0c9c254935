"""Messages of the set-up pages about results and missing parts."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.sso.setup.flows import Outcome
from accounts.sso.setup.readiness import Missing


def of_outcome(outcome: Outcome) -> str:
    match outcome:
        case Outcome.DONE:
            return _("Saved.")
        case Outcome.UNCHANGED:
            return _("Nothing has changed.")
        case Outcome.NO_PROVIDER:
            return _("First fill in the provider.")
        case Outcome.SWITCHED_ON:
            return _("First switch single sign-on off: another provider does not know the people of the present one.")
        case Outcome.NOT_READY:
            return _("Not everything is ready yet.")
        case Outcome.DEMANDED:
            return _(
                "Your organisation lets people in with the business account only, so this would shut them out. "
                "First change what the organisation demands."
            )
        case Outcome.NOT_A_MEMBER:
            return _("Choose an active person of this organisation who has a password.")
        case Outcome.ONE_FACTOR:
            return one_factor()
        case Outcome.UNREADABLE:
            return _("The portal cannot read this key pair any more. That is a fault of the portal: make a new pair.")
        case Outcome.WAIT:
            return _("That was asked often just now. Wait a minute and try again.")


def one_factor() -> str:
    return _(
        "This value names one factor, and that proves no second step. Choose the value that your provider sends after "
        "two, for example “mfa”, or let the portal ask its own code."
    )


def of_missing(what: Missing) -> str:
    match what:
        case Missing.PROVIDER:
            return _("The issuer and the client id are not filled in yet.")
        case Missing.PROOF:
            return _("There is no secret and no key pair yet.")
        case Missing.UNREADABLE:
            return _(
                "The portal cannot read its own secret or key pair. Set it anew, and tell whoever runs the portal."
            )
        case Missing.EXPIRED:
            return _("The secret or the certificate has expired. Make a new one.")
        case Missing.CHECK:
            return _("The check of the provider shows something that is wrong.")
        case Missing.TEST:
            return _("No test sign-in went well yet with these settings.")
