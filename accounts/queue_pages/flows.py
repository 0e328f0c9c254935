"""Trying again what failed. Each leaves an audit entry."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.audit.events import Event
from accounts.audit.origin import Origin
from accounts.audit.recording import record
from accounts.background import queues
from accounts.mail import delivery
from accounts.mail.models import OutgoingMail, State
from accounts.models import User


@transaction.atomic
def retry_mail(mail_id: int, *, actor: User, origin: Origin) -> bool:
    """Try to deliver the mail at once, and never later than it would be; False when that is not possible any more."""
    mail = OutgoingMail.objects.select_for_update(of=("self",)).filter(pk=mail_id, deliver=True).first()
    if mail is None or not mail.can_be_tried:
        return False
    # Of one that had ended a task may still be about to end; another does no harm, because it looks at the state.
    put = queues.enqueue_now if mail.state == State.WAITING else queues.enqueue
    mail.state, mail.ended_at, mail.next_try_at = State.WAITING, None, timezone.now()
    mail.save(update_fields=["state", "ended_at", "next_try_at"])
    put(delivery.deliver, mail.pk, queue=delivery.queue_of(mail))
    person = User.objects.select_related("membership").filter(pk=mail.person_id or 0).first()
    record(Event.QUEUE_RETRIED, subject=person, actor=actor, origin=origin, detail={"mail": mail.template})
    return True


@transaction.atomic
def retry_task(task_id: Any, *, actor: User, origin: Origin) -> bool:
    """Begin a task anew that failed; False when somebody did so already."""
    task = DBTaskResult.objects.failed().filter(pk=task_id).first()
    ready = {"status": TaskResultStatus.READY, "run_after": Now(), "finished_at": None, "worker_ids": []}
    if task is None or DBTaskResult.objects.failed().filter(pk=task_id).update(**ready) != 1:
        return False
    record(Event.QUEUE_RETRIED, subject=None, actor=actor, origin=origin, detail={"task": task.task_name})
    return True
