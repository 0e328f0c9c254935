from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.organisations.models import Organisation


class PeopleImport(models.Model):
    """A list of people that a worker pasted or uploaded, to invite them all."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.CASCADE, related_name="+"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.CASCADE, related_name="+"
    )
    made_at = models.DateTimeField(_("made on"), default=timezone.now, db_index=True)
    confirmed_at = models.DateTimeField(_("confirmed on"), null=True)
    finished_at = models.DateTimeField(_("finished on"), null=True)
    # Whoever works on the list holds it until then; afterwards somebody else may go on.
    held_until = models.DateTimeField(null=True)
    # Where the confirmation came from, for the audit entries that follow it.
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("list of people")
        verbose_name_plural = _("lists of people")
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.organisation} {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def is_stalled(self) -> bool:
        """Confirmed, not finished, and nobody works on it."""
        if self.confirmed_at is None or self.finished_at is not None:
            return False
        return self.held_until is None or self.held_until <= timezone.now()


class State(models.TextChoices):
    NEW = "new", _("is invited")
    KNOWN = "known", _("is known already")
    WRONG = "wrong", _("wrong")
    TWICE = "twice", _("stands in the list twice")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


TO_DO = (State.NEW, State.KNOWN)
NOT_WELL = (State.WRONG, State.TWICE, State.FAILED)


class Why(models.TextChoices):
    """Why a line is not carried out. ``about`` of the line fills in what it is about."""

    NO_ADDRESS = "no_address", _("There is no e-mail address in this line.")
    BAD_ADDRESS = "bad_address", _("“%(about)s” is not an e-mail address.")
    LONG_NAME = "long_name", _("A name has at most 150 characters.")
    NO_SUCH_ENVIRONMENT = "no_such_environment", _("This organisation has no environment “%(about)s”.")
    MAY_NOT_GIVE = "may_not_give", _("You may not give access to environments.")
    ELSEWHERE = "elsewhere", _("This address cannot be used for this organisation. Ask support.")
    NOT_ACTIVE = "not_active", _("This person is deactivated. Activate the person first.")
    TWICE = "twice", _("This address stands in line %(about)s as well; that line counts.")
    MAY_NOT_INVITE = "may_not_invite", _("Who made this list may not invite people for this organisation any more.")
    FAULT = "fault", _("Something went wrong with this line. Offer it again.")


class ImportLine(models.Model):
    """One line, as it was typed."""

    batch = models.ForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()  # of the line in the list, the first is 1
    address = models.CharField(max_length=300, blank=True)
    first_name = models.CharField(max_length=300, blank=True)
    last_name = models.CharField(max_length=300, blank=True)
    environments = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=10, choices=State.choices)
    is_new = models.BooleanField(default=False)  # nobody had this address when the list was read, or carried out
    why = models.CharField(max_length=30, choices=Why.choices, blank=True)
    about = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_line_a_number")]
        indexes = [
            models.Index(fields=["batch", "number"], name="lines_to_do", condition=Q(state__in=["new", "known"])),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.address}"

    @property
    def sentence(self) -> str:
        """Why it is not carried out, for people; empty when it is."""
        return str(Why(self.why).label) % {"about": self.about} if self.why else ""
