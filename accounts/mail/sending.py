"""Mail: the notice that follows an audit entry, and the one way to send any other message.

A message leaves after the transaction commits, from a thread of its own: the page neither waits for a slow mail server
nor tells by its speed whether an address is known (ASVS 6.3.8, 16.5.2). A mail that cannot be sent is logged, and told
to whoever collects outcomes (`accounts.mail.outcomes`) or gave a report.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from email.utils import make_msgid
from functools import partial
from threading import Barrier, BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string, select_template
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from accounts import limits
from accounts.audit import report_links
from accounts.audit.models import AuditEntry
from accounts.mail import outcomes, rendering
from accounts.mail.outcomes import Outcome, Outcomes
from accounts.models import User

log = logging.getLogger(__name__)
SENDERS = 2
Report = tuple[str, int]
Settle = Callable[[Outcome], None]
_places = BoundedSemaphore(limits.MAILS_WAITING)
_sender = ThreadPoolExecutor(max_workers=SENDERS, thread_name_prefix="mail")
# Thousands of invitations at once; somebody who forgot a password must not wait behind them.
_bulk_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail-in-bulk")


def notify(entry: AuditEntry, person: User, *, to: str | None = None, **extra: Any) -> None:
    """Tell the person what happened, in the folder of templates named after the event.

    ``extra``: what the templates of this event need beside the entry, for example a link; it is in the mail only.
    """
    not_me = settings.PUBLIC_URL + reverse("not_me", args=[report_links.make(entry, to or person.email)])
    extra |= {"entry": entry, "detail": typed(entry.detail), "reason": entry.reason}
    send(entry.event, person, to=to, at=timezone.localtime(entry.at), not_me=not_me, **extra)


def send(
    template: str,
    person: User,
    *,
    to: str | None = None,
    deliver: bool = True,
    in_bulk: bool = False,
    report: Report | None = None,
    **context: Any,
) -> None:
    """Send ``templates/mail/<template>`` in the person's language, after the commit.

    ``deliver=False`` does all of the work but the sending, for an answer that must take equally long; ``in_bulk`` lets
    every other mail go first. ``report``: the name of a function and a number; it is called with the number and the
    outcome, in the thread that sends.
    """
    message = compose(template, person, **context)
    message.to = [to or person.email]
    sender = _bulk_sender if in_bulk else _sender
    if deliver:
        # In the context of the request, so that a line in the log about this mail has the request's number.
        collecting = outcomes.current()
        settle = partial(_settle, collecting, report)
        deliver_it = partial(copy_context().run, lambda: settle(_deliver(message, template)))
        if collecting:
            transaction.on_commit(collecting.expect)
        transaction.on_commit(partial(_hand_over, sender, deliver_it, template, settle, message.to[0]))


def _hand_over(
    sender: ThreadPoolExecutor, deliver: Callable[[], None], template: str, settle: Settle, address: str
) -> None:
    """To one of the threads. Bounded: while a mail server is silent, messages must not fill the memory."""
    if not _places.acquire(blocking=False):
        log.error("mail %s could not be sent: too many wait already", template)
        settle(Outcome(address, "too many mails wait already"))
        return
    sender.submit(deliver).add_done_callback(lambda _done: _places.release())


def compose(template: str, person: User, **context: Any) -> EmailMultiAlternatives:
    """The message in the person's language: ``subject.txt``, and ``body.txt`` as text and, made from it, as HTML.

    ``action.txt`` names the label and the address of the button; without one it is "Dit was ik niet" in a notice.
    """
    context = typed(context) | {"person": person, "name": rendering.greeted(person.first_name)}
    context |= {"public_url": settings.PUBLIC_URL, "support": settings.SUPPORT_EMAIL}
    with translation.override(person.language):
        subject = rendering.unlinked(rendering.one_line(render_to_string(f"mail/{template}/subject.txt", context)))
        body = re.sub(r"\n{3,}", "\n\n", render_to_string(f"mail/{template}/body.txt", context).strip()) + "\n"
        body = rendering.unlinked(body)
        action = select_template([f"mail/{template}/action.txt", "mail/action.txt"]).render(context)
        page = rendering.as_html(subject, body, action, person.language)
    headers = {
        "Auto-Submitted": "auto-generated",  # no answering machine answers this (RFC 3834)
        "Content-Language": person.language,
        # Of our own: by default it would tell the name of the machine.
        "Message-ID": make_msgid(domain=urlsplit(settings.PUBLIC_URL).hostname),
    }
    message = EmailMultiAlternatives(subject, body, headers=headers)
    message.attach_alternative(page, "text/html")
    return message


def typed(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, with every text on one line."""
    return {name: rendering.one_line(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}


def _deliver(message: EmailMultiAlternatives, template: str) -> Outcome:
    try:
        message.send()
    except Exception as mistake:  # whatever the mail server does, it is logged and hurts nobody
        log.exception("mail %s could not be sent", template)
        return Outcome(message.to[0], outcomes.answer_of(mistake))
    return Outcome(message.to[0])


def _settle(collecting: Outcomes | None, report: Report | None, outcome: Outcome) -> None:
    """Tell the outcome to who asked for it."""
    try:
        if report:
            import_string(report[0])(report[1], outcome)
    except Exception:
        log.exception("the outcome of a mail could not be stored")
    finally:
        if collecting:
            collecting.add(outcome)


def wait_until_sent() -> None:
    """Wait for the messages handed over so far; for commands that are about to end, and for tests."""
    both = Barrier(SENDERS)  # one thread alone could do both waiting jobs while the other still sends
    for done in [_sender.submit(both.wait) for _ in range(SENDERS)]:
        done.result()
    _bulk_sender.submit(int).result()
