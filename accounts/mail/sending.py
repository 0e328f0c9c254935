"""Sending a message: composed in the request, queued when its transaction commits, sent by a thread of its own.

So the page neither waits for a slow mail server nor tells by its speed whether an address is known (ASVS 6.3.8,
16.5.2). A mail that cannot be sent is logged, and its outcome goes to whoever collects outcomes
(`accounts.mail.outcomes`) and to the callback that the sender named.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Barrier, BoundedSemaphore
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils.module_loading import import_string

from accounts import limits
from accounts.mail import outcomes
from accounts.mail.composing import compose
from accounts.mail.outcomes import Outcome, Outcomes
from accounts.models import User

log = logging.getLogger(__name__)
SENDER_THREADS = 2
OutcomeCallback = tuple[str, int]  # the dotted name of a function, and the number that it gets before the outcome
ReportOutcome = Callable[[Outcome], None]
_queue_slots = BoundedSemaphore(limits.MAIL_QUEUE_LENGTH)
_sender = ThreadPoolExecutor(max_workers=SENDER_THREADS, thread_name_prefix="mail")
# Thousands of invitations at once; somebody who forgot a password must not wait behind them.
_bulk_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail-in-bulk")


def send(
    template: str,
    person: User,
    *,
    to: str | None = None,
    deliver: bool = True,
    in_bulk: bool = False,
    on_outcome: OutcomeCallback | None = None,
    **context: Any,
) -> None:
    """Send ``templates/mail/<template>`` in the person's language, after the commit.

    ``deliver=False`` does all of the work but the sending, for an answer that must take equally long; ``in_bulk`` lets
    every other mail go first. ``on_outcome`` is called in the thread that sends.
    """
    message = compose(template, person, **context)
    message.to = [to or person.email]
    if not deliver:
        return
    collecting = outcomes.current()
    report = partial(_report_outcome, collecting, on_outcome)
    # In the context of the request, so that a line in the log about this mail has the request's number.
    task = partial(copy_context().run, lambda: report(_deliver(message, template)))
    if collecting:
        transaction.on_commit(collecting.expect)
    sender = _bulk_sender if in_bulk else _sender
    transaction.on_commit(partial(_enqueue, sender, task, template, report, message.to[0]))


def _enqueue(
    sender: ThreadPoolExecutor, task: Callable[[], None], template: str, report: ReportOutcome, address: str
) -> None:
    """For one of the threads. Bounded: while a mail server is silent, messages must not fill the memory."""
    if not _queue_slots.acquire(blocking=False):
        log.error("mail %s could not be sent: too many wait already", template)
        report(Outcome(address, "too many mails wait already"))
        return
    sender.submit(task).add_done_callback(lambda _done: _queue_slots.release())


def _deliver(message: EmailMultiAlternatives, template: str) -> Outcome:
    try:
        message.send()
    except Exception as error:  # a fault of the mail server is logged and must not stop the thread
        log.exception("mail %s could not be sent", template)
        return Outcome(message.to[0], outcomes.refusal_of(error))
    return Outcome(message.to[0])


def _report_outcome(collecting: Outcomes | None, on_outcome: OutcomeCallback | None, outcome: Outcome) -> None:
    try:
        if on_outcome:
            function, number = on_outcome
            import_string(function)(number, outcome)
    except Exception:
        log.exception("the outcome of a mail could not be stored")
    finally:
        if collecting:
            collecting.add(outcome)


def wait_until_sent() -> None:
    """Wait for the messages queued so far; for commands that are about to end, and for tests."""
    both = Barrier(SENDER_THREADS)  # one thread alone could do both waiting jobs while the other still sends
    for done in [_sender.submit(both.wait) for _ in range(SENDER_THREADS)]:
        done.result()
    _bulk_sender.submit(int).result()
