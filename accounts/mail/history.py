"""The last mails of a person, and what became of each, for pages. Never their text."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import limits
from accounts.mail.models import NOT_SENT, OutgoingMail, State
from accounts.models import User


def newest(person: User, *, without: Collection[str] = ()) -> list[OutgoingMail]:
    """At most `limits.MAILS_SHOWN`, the newest first; ``without``: names of templates."""
    found = OutgoingMail.objects.filter(person=person, deliver=True).exclude(template__in=without)
    return list(found.order_by("-created_at").defer("content")[: limits.MAILS_SHOWN])


def is_in_trouble(mail: OutgoingMail) -> bool:
    """Was it not sent, or refused for the moment?"""
    return mail.state in NOT_SENT or (mail.state == State.WAITING and mail.tries > 0)


def in_words(mail: OutgoingMail) -> str:
    """What became of it, without the answer of the mail server: "verstuurd 14:03", "wacht, volgende poging 14:10"."""
    if mail.state == State.SENT and mail.ended_at:
        return _("sent %(at)s") % {"at": moment(mail.ended_at)}
    if mail.state == State.WAITING and mail.next_try_at:
        return _("waits, next try %(at)s") % {"at": moment(mail.next_try_at)}
    return mail.get_state_display()


def moment(at: datetime) -> str:
    """With the day unless that is today."""
    local = timezone.localtime(at)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "j F H:i")
