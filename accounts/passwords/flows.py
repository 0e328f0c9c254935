from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from accounts.active_sessions import flows as sessions
from accounts.audit import mail
from accounts.audit.events import Event
from accounts.audit.ledger import record
from accounts.audit.origin import Origin
from accounts.models import User
from accounts.passwords import links
from accounts.passwords.links import Purpose


@transaction.atomic
def send_reset_link(typed_address: str, origin: Origin) -> None:
    """Mail a link to set a new password. An unknown address takes the same work, so that nothing tells."""
    # Locked: of two requests at once, both would otherwise number their link the same, and neither would work.
    people = User.objects.select_for_update()
    user = people.filter(email__lower=typed_address.strip().lower(), is_active=True).first()
    _issue_link(user, Purpose.RESET)
    record(Event.PASSWORD_LINK_SENT, subject=user, origin=origin, succeeded=user is not None)


@transaction.atomic
def invite(user: User, *, actor: User | None, origin: Origin) -> None:
    """Mail a new person the link with which to choose the first password; nobody types one for another (ASVS 6.4.1)."""
    _issue_link(user, Purpose.INVITATION)
    record(Event.INVITED, subject=user, actor=actor, origin=origin)


def _issue_link(user: User | None, purpose: Purpose) -> None:
    User.objects.filter(pk=user.pk if user else 0).update(links_issued=F("links_issued") + 1)
    someone = user or User(pk=0, email="nobody@localhost")
    someone.links_issued += 1
    address = settings.PUBLIC_URL + reverse("set_password", args=[links.make(someone, purpose)])
    template = "password_link" if purpose is Purpose.RESET else "invitation"
    mail.send(template, someone, address=address, lifetime=purpose.lifetime, deliver=user is not None)


@transaction.atomic
def set_from_link(token: str, new_password: str, origin: Origin) -> User | None:
    """Set the password and end every session; None when the link is no longer good. Does not sign in (ASVS 6.3.6)."""
    holder = links.holder(token)
    # Locked and asked again: of two parallel uses of one link, the second finds another password.
    user = User.objects.select_for_update().get(pk=holder.pk) if holder else None
    if user is None or links.holder(token) is None:
        return None
    _set(user, new_password, origin)
    sessions.end_all(user)
    return user


@transaction.atomic
def change(user: User, new_password: str, origin: Origin) -> None:
    """Change the own password. The view keeps this browser's session and ends the others."""
    _set(user, new_password, origin)


def _set(user: User, new_password: str, origin: Origin) -> None:
    user.set_password(new_password)
    user.save(update_fields=["password"])
    record(Event.PASSWORD_CHANGED, subject=user, origin=origin)
