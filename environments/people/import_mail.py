"""The invitations of a list of people: what became of each, and sending them again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import limits
from accounts.audit.origin import Origin
from accounts.mail.outcomes import Outcome
from accounts.models import User
from environments.people import flows
from environments.people.models import ImportLine, Mail, PeopleImport, State

NOTE_MAIL = "environments.people.import_mail.note_mail"


def note_mail(line_id: int, outcome: Outcome) -> None:
    """Store the mail server's answer to the invitation of a line."""
    state = Mail.SENT if not outcome.refusal else Mail.REFUSED if outcome.is_final else Mail.WAITING
    ImportLine.objects.filter(pk=line_id).update(mail=state, mail_answer=outcome.refusal[:200])


def not_mailed(batch: PeopleImport) -> QuerySet[ImportLine]:
    """The lines whose invitation the mail server refused, or whose outcome stayed unknown for long."""
    lines = batch.lines.filter(state=State.DONE, is_new=True)
    lost = Q(mail=Mail.WAITING, batch__finished_at__lt=timezone.now() - limits.IMPORT_MAIL_LOST)
    return lines.filter(Q(mail=Mail.REFUSED) | lost)


def mail_again(batch: PeopleImport, worker: User, origin: Origin) -> int:
    """Send those invitations again, except to people who signed in meanwhile or may not be invited. Returns the number
    on their way."""
    again = 0
    for line in list(not_mailed(batch)[: limits.PEOPLE_AT_ONCE]):
        with transaction.atomic():
            person = User.objects.filter(email__lower=line.address.lower()).first()
            callback = (NOTE_MAIL, line.pk)
            ImportLine.objects.filter(pk=line.pk).update(mail=Mail.WAITING, mail_answer="")
            if person and flows.invite_again(person.pk, actor=worker, origin=origin, in_bulk=True, on_outcome=callback):
                again += 1
            else:
                ImportLine.objects.filter(pk=line.pk).update(mail="")
    return again
