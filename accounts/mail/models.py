from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.sealed_rows import SealedRow


class State(models.TextChoices):
    WAITING = "waiting", _("waits for the mail server")
    SENT = "sent", _("sent")
    REFUSED = "refused", _("refused")  # by the mail server, for good (RFC 5321 section 4.2.1: 5yz)
    GIVEN_UP = "given_up", _("given up")  # not taken for `limits.MAIL_GIVEN_UP`
    EXPIRED = "expired", _("expired")  # what it leads to was over before the mail server took it


NOT_SENT = (State.REFUSED, State.GIVEN_UP, State.EXPIRED)


class OutgoingMail(SealedRow, models.Model):
    """A mail that was composed in a request, and what became of it (the outbox).

    ``content`` is sealed, because a mail holds links that open an account. It is deleted when the mail is sent or has
    expired, else after `limits.MAIL_RETRY`: until then a superuser can try again. ``deliver`` is off for a mail that
    must cost as much as another and is dropped instead of sent.
    """

    SEALED: ClassVar = ("content",)

    to = models.EmailField(_("to"), max_length=320)
    template = models.CharField(_("mail"), max_length=100)
    # Without a constraint, which would lock the person's row at the commit, after the rows of counters and devices: the
    # reverse of the order in which attempts lock them.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        db_index=False,  # the index below begins with it
        related_name="+",
    )
    message_id = models.CharField(max_length=255)  # its header; what the content is bound to
    content = models.BinaryField(default=bytes)
    deliver = models.BooleanField(default=True)
    in_bulk = models.BooleanField(default=False)
    keep_nothing = models.BooleanField(default=False, db_default=False)  # the row goes when no further try follows
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("composed on"), default=timezone.now, db_index=True)
    expires_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True)  # empty before the first
    ended_at = models.DateTimeField(_("ended on"), null=True)
    answer = models.CharField(_("answer of the mail server"), max_length=200, blank=True, default="")
    # A function that is told what became of the mail, by its dotted name, and the number that it gets with it.
    callback = models.CharField(max_length=200, blank=True, default="")
    callback_number = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=20, blank=True, default="")  # the number of the request

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-created_at"]
        default_permissions = ()  # only superusers see the queue
        indexes = [
            models.Index(fields=["created_at"], name="mail_not_sent", condition=~Q(state="sent")),
            models.Index(fields=["person", "created_at"], name="mail_of_person"),
            models.Index(fields=["ended_at"], name="mail_given_up", condition=Q(state="given_up")),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.to}"

    def sealed_owner(self) -> str:
        return f"outgoing mail {self.message_id} {self.to}"

    @property
    def can_be_tried(self) -> bool:
        """Is it not sent, while its content is there and of use?"""
        is_valid = self.expires_at is None or self.expires_at > timezone.now()
        return self.state != State.SENT and bool(self.content) and is_valid
