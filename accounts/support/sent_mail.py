"""The last mails of a person, as far as a worker may see them: on the person's page and at the support desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.audit import mail_names
from accounts.mail import history
from accounts.mail.models import OutgoingMail
from accounts.models import User
from accounts.organisations import scope


@dataclass(frozen=True)
class Line:
    """``to``: empty when it went to the person's present address; ``answer``: of the mail server; ``is_bad``: it was
    not taken, for good or for the moment."""

    at: datetime
    what: str
    to: str
    state: str
    answer: str
    is_bad: bool


def newest(subject: User, worker: User) -> list[Line]:
    """One query. The caller has made sure that the worker may see the person; then the worker sees the mails about that
    person, but what an administrator was mailed about others only as a superuser."""
    hidden = () if worker.is_superuser else mail_names.TO_ADMINISTRATORS
    sees_addresses = scope.works_for_all(worker)
    return [_line(mail, subject, sees_addresses) for mail in history.newest(subject, without=hidden)]


def _line(mail: OutgoingMail, subject: User, sees_addresses: bool) -> Line:
    """Another address may be of the time in which the person was of another organisation."""
    is_present = mail.to.lower() == subject.email.lower()
    answer = mail.answer if is_present or sees_addresses else ""  # it may name the other address, or a part of it
    return Line(
        at=mail.created_at,
        what=mail_names.name_of(mail.template),
        to="" if is_present else mail.to if sees_addresses else _("another address"),
        state=history.in_words(mail),
        answer=answer,
        is_bad=history.is_in_trouble(mail),
    )
