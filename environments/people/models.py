from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.organisations.models import Organisation

MOST_NAMED = 20  # columns, sheets or lines in one sentence


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
    # The lease of the worker that processes the list; afterwards another one may go on.
    held_until = models.DateTimeField(null=True)
    # The origin of the confirmation, for the audit entries that follow.
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=20, blank=True)
    # What was not used of it, and where it was read: pairs of a value of `NoteText` and the names that fill it in.
    notes = models.JSONField(null=True)

    class Meta:
        verbose_name = _("list of people")
        verbose_name_plural = _("lists of people")
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.organisation} {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def is_stalled(self) -> bool:
        """Confirmed, not finished, and no worker has done anything about it for a while."""
        if self.confirmed_at is None or self.finished_at is not None:
            return False
        return (self.held_until or self.confirmed_at) + limits.IMPORT_LEASE <= timezone.now()

    @property
    def without_environment(self) -> int:
        """How many people would be invited and open nothing."""
        return self.lines.filter(state=State.NEW, environments="").count()

    @property
    def note_texts(self) -> list[str]:
        """The notes as sentences."""
        return [str(NoteText(kind).label) % {"names": _named(names)} for kind, names in self.notes or ()]


def _named(names: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return shown if more < 1 else _("%(names)s and %(count)d more") % {"names": shown, "count": more}


class NoteText(models.TextChoices):
    """What is said about a list as a whole. The values are those of `reading.parts.NoteKind`."""

    SHEET = "sheet", _("Read: the sheet %(names)s.")
    SHEETS = "sheets", _("Sheets not used: %(names)s.")
    ADDRESSES = "addresses", _("The addresses come from the column %(names)s.")
    COLUMNS = "columns", _("Columns not used: %(names)s.")
    ROWS = "rows", _("Lines not used, a heading or a title: %(names)s.")


class State(models.TextChoices):
    NEW = "new", _("is invited")
    KNOWN = "known", _("is known already")
    WRONG = "wrong", _("wrong")
    TWICE = "twice", _("stands in the list twice")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


TO_DO = (State.NEW, State.KNOWN)
UNSUCCESSFUL = (State.WRONG, State.TWICE, State.FAILED)


class Why(models.TextChoices):
    """Why a line is not carried out. The line's ``about`` fills in the detail."""

    NO_ADDRESS = "no_address", _("There is no e-mail address in this line.")
    BAD_ADDRESS = "bad_address", _("“%(about)s” is not an e-mail address.")
    LONG_NAME = "long_name", _("A name has at most 150 characters.")
    NO_SUCH_ENVIRONMENT = "no_such_environment", _("This organisation has no environment “%(about)s”.")
    NAME_OF_ENVIRONMENT = "name_of_environment", _("“%(about)s” is an environment, and stands where a name should.")
    NO_SUCH_ROLE = "no_such_role", _("“%(about)s” is not a role. Write reader, editor or manager.")
    NO_SUCH_LANGUAGE = "no_such_language", _("“%(about)s” is not a language. Write Dutch or English.")
    ROLE_OF_NOTHING = "role_of_nothing", _("There is a role in this line, but no environment.")
    MAY_NOT_GIVE = "may_not_give", _("You may not give access to environments.")
    ELSEWHERE = "elsewhere", _("This address cannot be used for this organisation. Ask support.")
    NOT_ACTIVE = "not_active", _("This person is deactivated. Activate the person first.")
    TWICE = "twice", _("This address stands in line %(about)s as well; that line counts.")
    # How it is written; the values are those of `reading.parts.Flaw`.
    SEVERAL = "several_addresses", _("There are several addresses in this line. Give each person a line.")
    NOT_ALONE = "not_alone", _("There is more around this address than a name. Leave only the name and the address.")
    IN_A_NAME = "address_in_name", _("There is an @ where a name should stand: “%(about)s”.")
    TOO_MANY = "too_many_cells", _("This line has more cells than the list has columns.")
    BROKEN = "broken_row", _("One row seems to stand on several lines here. Put it on one line.")
    QUOTES = "quotes", _("The quotation marks in this line do not match.")
    TOO_LONG = "too_long", _("A cell in this line is too long: more than 2000 characters.")
    HIDDEN = "hidden_row", _("This row is hidden in the workbook. Show it, or delete it.")
    SECOND = "second_address", _("Another address of the same person; only the first counts.")
    LOST_SIGN = "lost_sign", _("A letter was lost before the list came here: “%(about)s”.")
    MAY_NOT_INVITE = "may_not_invite", _("Who made this list may not invite people for this organisation any more.")
    FAULT = "fault", _("Something went wrong with this line. Offer it again.")


class Mail(models.TextChoices):
    """The outcome of the invitation of a line. Empty: there is none, or it is unknown."""

    WAITING = "waiting", _("the invitation is on its way")
    SENT = "sent", _("invited")
    REFUSED = "refused", _("mail refused")


class ImportLine(models.Model):
    """One line, as it was typed."""

    batch = models.ForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()  # of the line in the list, the first is 1; several people may stand on one
    address = models.CharField(max_length=300, blank=True)
    first_name = models.CharField(max_length=300, blank=True)
    last_name = models.CharField(max_length=300, blank=True)
    environments = models.CharField(max_length=2000, blank=True)
    role = models.CharField(max_length=300, blank=True, db_default="")  # in the environments of the line
    language = models.CharField(max_length=300, blank=True, db_default="")
    state = models.CharField(max_length=10, choices=State.choices)
    is_new = models.BooleanField(default=False)  # nobody had this address when the list was read, or carried out
    why = models.CharField(max_length=30, choices=Why.choices, blank=True)
    about = models.CharField(max_length=300, blank=True)
    mail = models.CharField(max_length=10, choices=Mail.choices, blank=True, db_default="")
    mail_answer = models.CharField(max_length=200, blank=True, db_default="")  # of the mail server that did not take it

    class Meta:
        ordering = ["number", "pk"]
        indexes = [
            models.Index(fields=["batch", "number"], name="lines_to_do", condition=Q(state__in=["new", "known"])),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.address}"

    @property
    def outcome(self) -> str:
        """What happens or happened with the line; of an invitation, what the mail server said."""
        if self.state != State.DONE or not self.mail:
            return self.get_state_display()
        label = str(Mail(self.mail).label)
        return f"{label}: {self.mail_answer}" if self.mail_answer else label

    @property
    def sentence(self) -> str:
        """Why it is not carried out, for people; empty when it is."""
        return str(Why(self.why).label) % {"about": self.about} if self.why else ""
