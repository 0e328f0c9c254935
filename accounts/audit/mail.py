"""Mail: the notice that follows an audit entry, and the one way to send any other message.

A message leaves after the transaction commits, from a thread of its own: the page neither waits for a slow mail server
nor tells by its speed whether an address is known (ASVS 6.3.8, 16.5.2). A mail that cannot be sent is logged.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.audit.models import AuditEntry
from accounts.models import User

log = logging.getLogger(__name__)
_sender = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")
_on_their_way: set[Future[None]] = set()


def notify(entry: AuditEntry, person: User, *, to: str | None = None) -> None:
    """Tell the person what happened, in the folder of templates named after the event."""
    send(entry.event, person, to=to, entry=entry, at=timezone.localtime(entry.at))


def send(template: str, person: User, *, to: str | None = None, deliver: bool = True, **context: Any) -> None:
    """Send ``templates/mail/<template>/{subject,body}.txt`` in the person's language, after the commit.

    ``deliver=False`` does all of the work but the sending, for an answer that must take equally long.
    """
    context |= {"person": person, "public_url": settings.PUBLIC_URL, "support": settings.SUPPORT_EMAIL}
    with translation.override(person.language):
        subject = " ".join(render_to_string(f"mail/{template}/subject.txt", context).split())
        body = render_to_string(f"mail/{template}/body.txt", context).strip() + "\n"
    message = EmailMessage(subject, body, to=[to or person.email])
    if deliver:
        transaction.on_commit(partial(_hand_over, message, template))


def _hand_over(message: EmailMessage, template: str) -> None:
    future = _sender.submit(_deliver, message, template)
    _on_their_way.add(future)
    future.add_done_callback(_on_their_way.discard)


def _deliver(message: EmailMessage, template: str) -> None:
    try:
        message.send()
    except Exception:  # whatever the mail server does, it is logged and hurts nobody
        log.exception("mail %s could not be sent", template)


def wait_until_sent() -> None:
    """Wait for the messages handed over so far; for commands that are about to end, and for tests."""
    wait(list(_on_their_way))
