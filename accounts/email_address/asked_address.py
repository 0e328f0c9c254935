"""What became of the mail to the new address that somebody asked for, for that person's own page.

That mail holds the link, or tells the owner of a taken address that somebody tried. The same mailbox gets it and the
same mail server answers, so the page says the same of both and does not tell which addresses exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase

from accounts.mail import history
from accounts.mail.models import OutgoingMail

ASKED = "asked_address"  # in the session: the number of the mail and the address, as it was typed


@dataclass(frozen=True)
class AskedAddress:
    """``state``: in words; ``answer``: of the mail server; ``is_bad``: it was not taken, for good or for the moment."""

    address: str
    state: str
    answer: str
    is_bad: bool


def remember(session: SessionBase, mail_id: int, address: str) -> None:
    session[ASKED] = [mail_id, address]


def forget(session: SessionBase) -> None:
    session.pop(ASKED, None)


def of(session: SessionBase) -> AskedAddress | None:
    """None, without a query, for who asked for none in this session."""
    if ASKED not in session:
        return None
    mail_id, address = session[ASKED]
    mail = OutgoingMail.objects.filter(pk=mail_id).defer("content").first()
    if mail is None:
        return None
    # As it was typed: the owner of a taken address may write it in another way, which the mail server repeats.
    answer = re.sub(re.escape(mail.to), lambda _found: address, mail.answer, flags=re.IGNORECASE)
    return AskedAddress(address, history.in_words(mail), answer, history.is_in_trouble(mail))
