"""What the page of mail domains says about what was done."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.sso.domains.diagnosis import Diagnosis
from accounts.sso.domains.flows import Outcome

GOOD = frozenset({Outcome.ADDED, Outcome.PROVED, Outcome.REMOVED})


def of_outcome(outcome: Outcome) -> str:
    return _of_proof(outcome) or _of_list(outcome)


def of_diagnosis(found: Diagnosis | None) -> str:
    """What the DNS holds instead, and what to do; empty when nothing is known."""
    if found is None:
        return ""
    if found.is_ours:
        too_far = _("Your text stands at %(place)s. That is one name too far: fill in only _assetmaps as the name.")
        too_near = _("Your text stands at %(place)s itself. Put it one name lower: fill in _assetmaps as the name.")
        return (too_far if found.place.startswith("_assetmaps.") else too_near) % {"place": found.place}
    texts = ", ".join(f"“{text}”" for text in found.texts)
    told = _("At %(place)s stands: %(texts)s.") % {"place": found.place, "texts": texts}
    rest = _("And %(count)d more.") % {"count": found.more} if found.more else ""
    return f"{told} {rest}".strip()


def _of_list(outcome: Outcome) -> str:
    match outcome:
        case Outcome.ADDED:
            return _("The domain is in the list. Now prove that it belongs to your organisation.")
        case Outcome.EXISTS:
            return _("This domain is in the list already.")
        case Outcome.NOT_A_DOMAIN:
            return _("This is not a mail domain. Fill in what stands behind the @, for example example.nl.")
        case Outcome.PUBLIC:
            return _("Anybody can get an e-mail address there, so it says nothing about your organisation.")
        case Outcome.TOO_MANY:
            return _("The list is full. Remove a domain that you do not use.")
        case Outcome.REMOVED:
            return _("The domain is removed. Nobody is found by it any more.")
        case Outcome.NOT_ALLOWED:
            return _("Only a superuser may prove a domain without a DNS record.")
        case _else:
            return _("Somebody else has removed this domain meanwhile.")


def _of_proof(outcome: Outcome) -> str:
    match outcome:
        case Outcome.PROVED:
            return _("The domain is proved. Colleagues with such an address are led to your provider.")
        case Outcome.PROVED_BEFORE:
            return _("This domain was proved already.")
        case Outcome.TAKEN:
            return _("Another organisation has proved this domain. Ask support if that is not right.")
        case Outcome.ABSENT:
            return _(
                "There is no such record yet. A new record can take an hour to be seen everywhere; try again later."
            )
        case Outcome.OTHER_TEXT:
            return _("There is a record, but with another text. Copy the text again, exactly.")
        case Outcome.DNS_FAILED:
            return _("The DNS servers of this domain answer with an error. Ask whoever manages the domain.")
        case Outcome.DNS_SLOW:
            return _("The DNS servers of this domain do not answer in time. Try again later.")
        case Outcome.WAIT:
            return _("That was asked often just now. Wait a minute and try again.")
        case _else:
            return ""
