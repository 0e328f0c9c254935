from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import entry_codes
from accounts.audit.events import Event
from accounts.prepared_queries import insert

ADDRESS_CHANGES = (Event.ADDRESS_CHANGED.value, Event.ADDRESS_CHANGED_BY_PERSON.value)


class Recency(models.Func):
    """The negative id: the lower, the newer. The indexes of the search end in it.

    Not the id itself, because then the planner may prefer the primary key, which has the same order, and read millions
    of entries that are not searched for.
    """

    template = "(-%(expressions)s)"
    arity = 1
    output_field = models.BigIntegerField()


class AppendOnlyError(TypeError):
    """An attempt to change or remove an audit entry."""


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **values: object) -> int:
        raise AppendOnlyError("audit entries are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("audit entries are never removed")

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.before_writing()
        return super().bulk_create(rows, *args, **kwargs)


class AppendOnly(models.Model):
    """Rows that are written once. Changes made directly in the database are detected by `chain`."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        if not self._state.adding:
            raise AppendOnlyError("audit entries are never changed")
        self.before_writing()
        insert(self)

    def before_writing(self) -> None:
        """Called for every row, by whichever way it is written."""

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("audit entries are never removed")


class AuditEntry(AppendOnly):
    """One security event; written by `recording.record`, never changed, never removed.

    The references to people and the organisation have no constraint in the database, and their names are copied,
    because the entry outlives them. Their columns have no index of their own: it would repeat the first of those below.
    """

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    event = models.CharField(_("event"), max_length=40, choices=Event.choices)
    succeeded = models.BooleanField(_("succeeded"), default=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_name = models.CharField(_("by"), max_length=254, blank=True)
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    subject_name = models.CharField(_("person"), max_length=254, blank=True)
    organisation = models.ForeignKey(
        "organisations.Organisation",
        verbose_name=_("organisation"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    browser = models.CharField(_("browser"), max_length=300, blank=True)
    reference = models.CharField(_("number of the request"), max_length=20, blank=True)
    # Empty in entries of the versions before there were codes; those are sealed.
    code = models.CharField(max_length=entry_codes.LONGEST, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        # One for each filter of the search, in the order of its pages, so that no page reads more than it shows.
        indexes = [
            models.Index("subject", Recency("id"), name="audit_by_subject"),
            models.Index("actor", Recency("id"), name="audit_by_actor"),
            models.Index("organisation", Recency("id"), name="audit_by_organisation"),
            models.Index("event", "succeeded", Recency("id"), name="audit_by_event"),
            models.Index("organisation", "event", "succeeded", Recency("id"), name="audit_by_organisation_event"),
            # Few rows: the addresses that people had before, to find them by.
            models.Index(
                Lower(KT("detail__before")), condition=Q(event__in=ADDRESS_CHANGES), name="audit_by_former_address"
            ),
        ]

    def before_writing(self) -> None:
        entry_codes.sign(self)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.get_event_display()} {self.subject_name}"


class AuditSeal(AppendOnly):
    """The seal of one entry: its position in the chain, and a keyed hash over the entry and the seal before it.

    A table of its own, because entries never change. No constraint to the entry: a removed entry must leave its seal.
    """

    position = models.BigIntegerField(primary_key=True)  # 1, 2, 3, … in the order of sealing
    entry_id = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)  # hexadecimal
    key_id = models.CharField(max_length=16)  # which of ENCRYPTION_KEYS the key was derived from

    def __str__(self) -> str:
        return f"{self.position}: entry {self.entry_id}"


class Erasure(AppendOnly):
    """An entry of which the personal data was erased after it was sealed, when a person was removed.

    The digest of the seal cannot be computed from what is left. So this says, with a keyed hash, that the program
    itself checked the seal, and what it left of the entry: see `erasures`.
    """

    entry_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    key_id = models.CharField(max_length=16)  # which of ENCRYPTION_KEYS the key was derived from
    mac = models.CharField(max_length=64)  # hexadecimal

    def __str__(self) -> str:
        return f"entry {self.entry_id}"


class Repetition(models.Model):
    """A counter of refusals of one kind about one person or organisation within an hour; see `aggregation`. Not part of
    the trail: it is written as one entry, and deleted."""

    key = models.CharField(primary_key=True, max_length=64)  # a digest of what is counted together
    event = models.CharField(max_length=40)
    subject = models.BigIntegerField(null=True)
    organisation = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
    since = models.DateTimeField(db_index=True)
    seen = models.PositiveIntegerField(default=0)  # in this hour
    gathered = models.PositiveIntegerField(default=0)  # of those, how many have no entry yet

    def __str__(self) -> str:
        return f"{self.event}: {self.gathered}"
