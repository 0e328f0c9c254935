"""Delivering a mail to the mail server, with more tries for what it does not take at once.

A refusal for good (RFC 5321 section 4.2.1: 5yz) about the recipient or the message is final. Everything else, such as
greylisting (RFC 6647) or no answer, is tried again with growing waits until the mail is `limits.MAIL_GIVEN_UP` old, or
what it leads to has expired. A mail is delivered twice only when the worker is killed between the answer of the mail
server and the next statement; both have the same Message-ID.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task

from accounts import limits, log_context, outbound_requests
from accounts.background import queues
from accounts.mail import outcomes, storing
from accounts.mail.models import OutgoingMail, State

log = logging.getLogger(__name__)

KEY_LOST = "the key that encrypted it is lost"


def queue_of(mail: OutgoingMail) -> str:
    return queues.BULK_MAIL if mail.in_bulk else queues.URGENT_MAIL


@task(queue_name=queues.URGENT_MAIL)
def deliver(mail_id: int) -> None:
    """One try. Does nothing for a mail that needs none any more."""
    mail = OutgoingMail.objects.filter(pk=mail_id, state=State.WAITING).first()
    if mail is None:
        return
    if not mail.deliver:
        mail.delete()
        return
    with log_context.of_request(mail.reference):
        if mail.expires_at and mail.expires_at <= timezone.now():
            _end(mail, State.EXPIRED)
            return
        refusal = _try(mail)
        if refusal is None:
            _end(mail, State.SENT, "")
        elif _is_final(refusal):
            _end(mail, State.REFUSED, outcomes.refusal_of(refusal))
        else:
            _try_later(mail, outcomes.refusal_of(refusal))


def _try(mail: OutgoingMail) -> Exception | None:
    """What stood in the way; None when the mail server took it."""
    try:
        message = storing.unpack(mail)
        outbound_requests.release_database_connections()
        message.send()
    except Exception as error:  # whatever it is, this mail waits and the others go on
        log.warning("mail %s could not be sent", mail.template, exc_info=not mail.keep_nothing)
        return error
    return None


def _is_final(refusal: Exception) -> bool:
    """Read from what smtplib's exceptions hold, as `outcomes.refusal_of` does: the server itself never loads it."""
    if recipients := getattr(refusal, "recipients", None):
        return all(code >= 500 for code, _text in recipients.values())
    return type(refusal).__name__ == "SMTPDataError" and getattr(refusal, "smtp_code", 0) >= 500


def _try_later(mail: OutgoingMail, answer: str) -> None:
    now = timezone.now()
    wait = limits.MAIL_WAITS[min(mail.tries, len(limits.MAIL_WAITS) - 1)]
    if now + wait >= mail.created_at + limits.MAIL_GIVEN_UP:
        _end(mail, State.GIVEN_UP, answer)
    elif mail.expires_at and now + wait >= mail.expires_at:
        _end(mail, State.EXPIRED, answer)
    else:
        _wait(mail, now + wait, answer)


@transaction.atomic
def _wait(mail: OutgoingMail, until: datetime, answer: str) -> None:
    mail.tries, mail.next_try_at, mail.answer = mail.tries + 1, until, answer
    mail.save(update_fields=["tries", "next_try_at", "answer"])
    queues.enqueue(deliver, mail.pk, queue=queue_of(mail), after=until)
    _report(mail)


@transaction.atomic
def _end(mail: OutgoingMail, state: State, answer: str | None = None) -> None:
    """``answer``: None keeps the last one."""
    mail.tries += state in (State.SENT, State.REFUSED)
    mail.state, mail.ended_at, mail.next_try_at = state, timezone.now(), None
    mail.answer = mail.answer if answer is None else answer
    changed = ["tries", "state", "ended_at", "next_try_at", "answer"]
    if state in (State.SENT, State.EXPIRED):
        mail.content = b""
        changed.append("content")  # else not: it may have been encrypted with a newer key meanwhile
    if mail.keep_nothing:
        mail.delete()
        mail.answer = ""  # it may quote the address
    else:
        mail.save(update_fields=changed)
    if state is State.GIVEN_UP:
        log.critical("mail %s is given up after %s: %s", mail.template, limits.MAIL_GIVEN_UP, mail.answer)
    elif state is not State.SENT:
        log.error("mail %s is not sent: %s %s", mail.template, state, mail.answer)
    _report(mail)


@transaction.atomic
def give_up_unreadable(mail_ids: list[int]) -> None:
    """For good: without the key with which these were sealed nobody can send them, also not by hand."""
    OutgoingMail.objects.filter(pk__in=mail_ids, deliver=False).delete()
    for mail in OutgoingMail.objects.select_for_update(of=("self",)).filter(pk__in=mail_ids).order_by("pk"):
        if mail.state == State.WAITING:
            _end(mail, State.GIVEN_UP, KEY_LOST)
    OutgoingMail.objects.filter(pk__in=mail_ids).update(content=b"")


def _report(mail: OutgoingMail) -> None:
    if not mail.callback:
        return
    if mail.callback not in settings.MAIL_CALLBACKS:  # who can write this row must not run any function they like
        log.error("the outcome of a mail is not told to %s, which MAIL_CALLBACKS does not name", mail.callback)
        return
    try:
        with transaction.atomic():
            import_string(mail.callback)(mail.callback_number, outcomes.outcome_of(mail))
    except Exception:
        log.exception("the outcome of a mail could not be stored")
