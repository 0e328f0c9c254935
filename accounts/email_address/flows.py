"""Another e-mail address: asked for by the person, confirmed from the new mailbox, told to the old one."""

from __future__ import annotations

from enum import Enum, auto

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from accounts import limits, rate_limits
from accounts.audit.aggregation import record_aggregated
from accounts.audit.events import Event
from accounts.audit.notices import notify
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.email_address import links
from accounts.mail import sending
from accounts.models import User
from accounts.organisations import memberships, scope


class Outcome(Enum):
    REQUESTED = auto()  # the same answer whether or not the address is taken
    UNCHANGED = auto()
    TOO_OFTEN = auto()
    OTHER_ORGANISATION = auto()  # of a mail domain that another organisation than the person's own proved
    CHANGED = auto()
    LINK_VOID = auto()  # used, expired, replaced by a newer one, another person's; or the address is taken by now


def request_change(user: User, new_address: str, origin: Origin) -> Outcome:
    """Mail a link to the new address; if that is somebody's already, mail its owner that somebody tried.

    Beyond the quota there is no mail and the earlier link keeps working.
    """
    detail: dict[str, str | int] = {"after": new_address}
    if new_address == user.email:
        return Outcome.UNCHANGED
    if not _is_within_limit(user, new_address):
        cause: dict[str, str | int] = {"cause": "too often"}
        record_aggregated(Event.ADDRESS_CHANGE_REFUSED, subject=user, origin=origin, detail=cause, single_entries=1)
        return Outcome.TOO_OFTEN
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if memberships.is_foreign(new_address, scope.organisation_id_of(user)):
            detail["cause"] = "foreign"
            record(Event.ADDRESS_CHANGE_REFUSED, subject=user, origin=origin, succeeded=False, detail=detail)
            return Outcome.OTHER_ORGANISATION
        owner = User.objects.filter(email__lower=new_address.lower()).exclude(pk=user.pk).first()
        detail["mailed"] = _mail(user, new_address, owner)
        record(Event.ADDRESS_CHANGE_ASKED, subject=user, origin=origin, detail=detail)
    return Outcome.REQUESTED


def _is_within_limit(user: User, new_address: str) -> bool:
    """Counted by person and by new address, so that nobody can flood a stranger's mailbox through the portal."""
    period = limits.ADDRESS_MAILS_PERIOD
    if not rate_limits.consume("address-mails-by", str(user.pk), limit=limits.ADDRESS_MAILS, period=period):
        return False
    return rate_limits.consume("address-mails-to", new_address.lower(), limit=limits.ADDRESS_MAILS, period=period)


def _mail(user: User, new_address: str, owner: User | None) -> str:
    """Mail the link, which voids earlier links, or a notice to ``owner``, which does not. Both execute the same SQL
    statements, so that the time does not tell whether the address is taken."""
    links_more = 1 if owner is None else 0
    User.objects.filter(pk=user.pk).update(address_links_issued=F("address_links_issued") + links_more)
    user.address_links_issued += links_more
    link = settings.PUBLIC_URL + reverse("follow_address_link", args=[links.make(user, new_address)])
    if owner is not None:
        sending.send("address_taken", owner, valid_for=limits.ADDRESS_LINK)  # as long as the link
        return "notice"
    hours = int(limits.ADDRESS_LINK.total_seconds()) // 3600
    sending.send("address_link", user, to=new_address, valid_for=limits.ADDRESS_LINK, link=link, hours=hours)
    return "link"


@transaction.atomic
def confirm(user: User, token: str, origin: Origin) -> Outcome:
    """Take the new address; older links for a password become void, and both mailboxes hear of it.

    The view keeps this browser's session and ends the others.
    """
    # Locked and then judged: of two parallel uses of one link, the second finds another account.
    user = User.objects.select_for_update().get(pk=user.pk)
    before, after = user.email, links.new_address(token, user)
    if after is None:
        return Outcome.LINK_VOID
    foreign = memberships.is_foreign(after, scope.organisation_id_of(user))
    if foreign or not _store(user, after):
        cause: dict[str, str | int] = {"after": after, "cause": "foreign" if foreign else "taken"}
        record(Event.ADDRESS_CHANGE_REFUSED, subject=user, origin=origin, succeeded=False, detail=cause)
        return Outcome.LINK_VOID
    detail: dict[str, str | int] = {"before": before, "after": after}
    entry = record(Event.ADDRESS_CHANGED_BY_PERSON, subject=user, origin=origin, detail=detail)
    notify(entry, user, to=before)
    return Outcome.CHANGED


def _store(user: User, address: str) -> bool:
    """False when somebody else has the address by now. The database decides, so that of two only one gets it."""
    before = user.email
    user.email = address
    user.links_issued += 1
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "links_issued"])
    except IntegrityError:
        user.email = before
        return False
    return True
