"""Sending a message: composed in the request, stored in its transaction, sent by the worker.

So a mail exists if and only if what it is about does, and outlives this process. The page neither waits for a slow mail
server nor tells by its speed whether an address is known (ASVS 6.3.8, 16.5.2). The outcome is in the row, and goes to
whoever collects outcomes (`accounts.mail.outcomes`) and to the callback that the sender named.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import log_context
from accounts.background import queues
from accounts.mail import delivery, outcomes, storing
from accounts.mail.composing import compose
from accounts.mail.models import OutgoingMail
from accounts.models import User

OutcomeCallback = tuple[str, int]  # the dotted name of a function, and the number that it gets before the outcome


def send(
    template: str,
    person: User,
    *,
    to: str | None = None,
    deliver: bool = True,
    in_bulk: bool = False,
    keep_nothing: bool = False,
    valid_for: timedelta | None = None,
    on_outcome: OutcomeCallback | None = None,
    **context: Any,
) -> None:
    """Send ``templates/mail/<template>`` in the person's language, if the caller's transaction is committed.

    ``deliver=False`` does all of the work but the sending, for an answer that must take equally long; ``in_bulk`` lets
    every other mail go first. ``keep_nothing`` forgets the mail, and to whom it went, as soon as no try follows.
    ``valid_for``: the life of a link in it, after which it is not sent. ``on_outcome`` is called by the worker.
    """
    message = compose(template, person, **context)
    now = timezone.now()
    callback, number = on_outcome or ("", None)
    mail = OutgoingMail(
        to=to or person.email,
        template=template,
        person_id=person.pk or None,
        message_id=message.extra_headers["Message-ID"],
        deliver=deliver,
        in_bulk=in_bulk,
        keep_nothing=keep_nothing,
        created_at=now,
        expires_at=now + valid_for if valid_for else None,
        callback=callback,
        callback_number=number,
        reference=log_context.reference.get(),
    )
    storing.pack(mail, message)
    with transaction.atomic(savepoint=False):
        mail.save(force_insert=True)
        task_id = queues.enqueue(delivery.deliver, mail.pk, queue=delivery.queue_of(mail))
    if deliver and (collecting := outcomes.current()):
        collecting.note(mail.pk, task_id)
