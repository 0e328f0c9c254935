"""After a key of ENCRYPTION_KEYS is lost: what it encrypted stays unreadable, so people set up a phone again."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.audit.origin import Origin
from accounts.encryption import SecretUnreadableError
from accounts.mail import delivery
from accounts.mail.models import OutgoingMail
from accounts.models import User
from accounts.sso.models import Connection
from accounts.support.interventions import flows as interventions
from accounts.support.models import Kind
from accounts.two_factor.models import Authenticator, FormerAuthenticator, FormerPasskey, Passkey


@dataclass
class Unreadable:
    """``people``: with an authenticator app or a passkey that cannot be checked any more; ``organisations``: whose
    secret or key pair of single sign-on cannot be used; ``former``: keys of former apps; ``mails``: keys of mails in
    the outbox."""

    people: list[User] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    former: list[int] = field(default_factory=list)
    mails: list[int] = field(default_factory=list)


def find() -> Unreadable:
    """Opens every secret: takes about a second for 10,000."""
    found = Unreadable()
    devices = (*Authenticator.objects.order_by("pk"), *Passkey.objects.order_by("pk"))
    owners = {device.user_id for device in devices if not _is_readable(device)}
    found.people = list(User.objects.filter(pk__in=owners))
    found.former = [one.pk for one in FormerAuthenticator.objects.order_by("pk") if not _is_readable(one)]
    agreements = Connection.objects.filter(pk__in=Connection.unreadable()).select_related("organisation")
    found.organisations = [str(connection.organisation) for connection in agreements]
    found.mails = OutgoingMail.unreadable()
    return found


def _is_readable(device: Authenticator | FormerAuthenticator | Passkey | FormerPasskey) -> bool:
    try:
        device.public_key() if isinstance(device, (Passkey, FormerPasskey)) else device.secret()
    except SecretUnreadableError:
        return False
    return True


def reset(found: Unreadable, reason: str, origin: Origin) -> None:
    """Reset the second step of these people as support does, with a mail and a link for each: the password alone opens
    nothing. Former apps go, and mails are given up. Organisations get a new secret from their provider themselves."""
    delivery.give_up_unreadable(found.mails)
    for person in found.people:
        interventions.act(interventions.InterventionRequest(Kind.RESET, person, None, reason), origin)
    # The reset kept what it removed as former apps and passkeys, which cannot be read either.
    for former in (FormerAuthenticator, FormerPasskey):
        former.objects.filter(pk__in=[one.pk for one in former.objects.all() if not _is_readable(one)]).delete()
