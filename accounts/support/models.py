from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.two_factor.codes import BRIDGE_CODE_ALPHABET


def _characters(number: int) -> str:
    return "".join(secrets.choice(BRIDGE_CODE_ALPHABET) for _ in range(number))


def new_reference() -> str:
    """Seven characters to read out on the telephone, for example K7Q-3MZD: they identify a request and open nothing."""
    return f"{_characters(3)}-{_characters(4)}"


def new_receipt() -> str:
    """For example S-4F7K-29QD: identifies an intervention in the mail and in the audit trail."""
    return f"S-{_characters(4)}-{_characters(4)}"


class HelpRequest(models.Model):
    """A person who gave the right password asked for help because the phone is lost."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="help_requests"
    )
    reference = models.CharField(_("reference"), max_length=8, unique=True, default=new_reference)
    asked_at = models.DateTimeField(_("asked on"), auto_now_add=True)
    cancelled_at = models.DateTimeField(_("cancelled on"), null=True)
    address = models.GenericIPAddressField(_("network address"), null=True)

    class Meta:
        verbose_name = _("request for help")
        verbose_name_plural = _("requests for help")
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return self.reference


class Check(models.TextChoices):
    """How a person was identified after a report. Never by mail: somebody else may read the mailbox."""

    CALLED_BACK = "called_back", _("I called back on a number that we knew before")
    IN_PERSON = "in_person", _("I saw this person, or somebody who knows them did")
    ORGANISATION = "organisation", _("A contact of the organisation whom we know vouched for this person")


class Report(models.Model):
    """A report "Dit was ik niet", made by a mailed link. Until an administrator closes it, support resets nothing.

    ``undone``: what the report reverted: ``password`` (void), ``address`` (restored, or taken by somebody else),
    ``gone`` (number of authenticator apps), ``passkeys`` (of passkeys), ``back`` (of both), ``stolen`` (what is back
    may be with a thief), ``codes`` (recovery codes void), ``closed`` (no app or passkey is left, and the password alone
    opens nothing), ``support`` (the same, and only support helps), ``unlinked`` (business accounts), ``doubt`` (why no
    password link is mailed).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="reports"
    )
    entry = models.OneToOneField(
        "audit.AuditEntry",
        verbose_name=_("audit entry"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    reported_at = models.DateTimeField(_("reported on"), auto_now_add=True)
    # A hash of the address that the mail with the link went to.
    mailbox = models.CharField(max_length=20, default="", db_default="", editable=False)
    undone = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    looked_at = models.DateTimeField(_("looked at on"), null=True)
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("looked at by"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("report “this was not me”")
        verbose_name_plural = _("reports “this was not me”")
        ordering = ["-reported_at"]

    def __str__(self) -> str:
        return f"{self.user} {self.reported_at:%Y-%m-%d %H:%M}"


class Kind(models.TextChoices):
    """What support can do to an account."""

    LIFT_WAIT = "lift_wait", _("Lift the waiting time")
    END_SESSIONS = "end_sessions", _("Sign out everywhere")
    BRIDGE_CODE = "bridge_code", _("Give a code")
    RESET = "reset", _("Unlink the old device")
    ADDRESS = "address", _("Change the e-mail address")

    @property
    def when_to_use(self) -> str:
        """One line for the worker who has to choose."""
        return str(_WHEN_TO_USE[self])


_WHEN_TO_USE = {
    Kind.LIFT_WAIT: _("Too many wrong codes or passwords, by this person."),
    Kind.END_SESSIONS: _("Still signed in somewhere else."),
    Kind.BRIDGE_CODE: _("Device lost or broken, no recovery codes. The old one stays linked until there is a new one."),
    Kind.RESET: _("Device stolen. The old one stops at once. The link goes only to the mailbox of this person."),
    Kind.ADDRESS: "",
}
DESK_KINDS = (Kind.LIFT_WAIT, Kind.END_SESSIONS, Kind.BRIDGE_CODE, Kind.RESET)  # the buttons of the person's page


class State(models.TextChoices):
    WAITING = "waiting", _("waits for approval")
    APPROVED = "approved", _("approved")
    DONE = "done", _("carried out")
    CANCELLED = "cancelled", _("cancelled")


class Intervention(models.Model):
    """One action of support on one account: requested, perhaps approved, carried out or cancelled. Never deleted.

    Its state changes by conditional updates only, so that of parallel requests exactly one succeeds.
    """

    OPEN = (State.WAITING, State.APPROVED)
    BY_TWO = (Kind.LIFT_WAIT,)  # only a second worker makes these ready, never the passing of time

    kind = models.CharField(max_length=20, choices=Kind.choices)
    receipt = models.CharField(max_length=11, unique=True, default=new_receipt)
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="interventions")
    # NULL: carried out by a management command.
    worker = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=40, blank=True)
    new_address = models.EmailField(blank=True, db_default="")  # only of Kind.ADDRESS
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    # A support code is shown once: the first request sets this.
    shown_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["worker", "done_at"], name="interventions_by_a_worker"),
            models.Index(
                fields=["asked_at"], condition=models.Q(state__in=("waiting", "approved")), name="interventions_open"
            ),
        ]

    def __str__(self) -> str:
        return self.receipt

    @property
    def ready_at(self) -> datetime:
        """When it may be carried out: after approval, or at the end of the waiting period."""
        return self.approved_at or self.asked_at + limits.INTERVENTION_WAITS

    @property
    def waits_for_second(self) -> bool:
        """Can only a second worker make it ready?"""
        return self.kind in self.BY_TWO and self.approved_at is None

    @property
    def void_at(self) -> datetime:
        """When it can no longer be carried out, or approved."""
        return self.ready_at if self.waits_for_second else self.ready_at + limits.INTERVENTION_READY

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN and timezone.now() < self.void_at

    @property
    def is_ready(self) -> bool:
        return self.is_open and not self.waits_for_second and timezone.now() >= self.ready_at


class CallerCheck(models.Model):
    """The words that one worker had mailed to one person; only the newest are valid."""

    subject = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    worker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    salt = models.BinaryField()
    digest = models.CharField(max_length=64)
    sent_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveSmallIntegerField(default=0)
    passed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "worker"], name="one_caller_check_a_worker")]

    def __str__(self) -> str:
        return f"{self.subject_id} by {self.worker_id}"
