"""Inline formsets of the admin: a row that was not edited on the page keeps its stored values."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import ForeignKey, Model
from django.forms.formsets import DELETION_FIELD_NAME, INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from accounts.edit_conflicts import merging
from accounts.edit_conflicts.merging import Conflict
from accounts.edit_conflicts.page_state import Values

Row = MultiValueDict  # the posted values of one row, by field name


class MergedRows(forms.BaseInlineFormSet):
    """Mixin for an inline formset; put it first among the bases. ``shown``: what the page showed, by prefix; None when
    unknown."""

    shown: Values | None
    may_change: bool
    prefix: str
    data: MultiValueDict
    model: type[Model]
    fk: ForeignKey

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_errors: list[tuple[int, str | None, str]] = []  # number of the row, field, sentence
        # Read now: validation writes the typed values to these same instances.
        self.values_shown: Values = {
            str(row.pk): merging.values(self._form(instance=row)) for row in self.get_queryset()
        }
        if self.is_bound and self.may_change and self.management_form.is_valid():
            self._merge()

    def _merge(self) -> None:
        """Renumber the rows, stored ones first, so that no row is lost or mistaken for another."""
        shown: Values | None = None if self.shown is None else self.shown.get(self.prefix, {})
        known, new = self._posted()
        rows: list[Row] = []
        for stored in self.get_queryset():
            pk = str(stored.pk)
            before = None if shown is None and pk in known else (shown or {}).get(pk, {})
            rows.append(self._merged(stored, known.pop(pk, Row()), before, len(rows)))
        count = len(rows)
        for pk, row in known.items():  # deleted meanwhile by somebody else
            before = None if shown is None else shown.get(pk, {})
            if DELETION_FIELD_NAME not in row and self._is_touched(row, before):
                self.row_errors.append((len(rows), None, deleted_row_message()))
                rows.append(row)
        self._write(rows + new, count)

    def _posted(self) -> tuple[dict[str, Row], list[Row]]:
        """The rows that the page showed, by primary key, and the new ones, without the field of the key."""
        found: dict[int, Row] = {}
        for name in self.data:
            if part := re.fullmatch(rf"{re.escape(self.prefix)}-(\d{{1,4}})-(\w+)", name):
                found.setdefault(int(part[1]), Row()).setlist(part[2], self.data.getlist(name))
        counts, key = self.management_form.cleaned_data, self._key()
        shown, total = int(counts[INITIAL_FORM_COUNT] or 0), int(counts[TOTAL_FORM_COUNT] or 0)
        known: dict[str, Row] = {}
        new: list[Row] = []
        for number, row in sorted(found.items()):
            pk = (row.pop(key, None) or [""])[-1]
            if number < shown:
                known[pk] = row
            elif number < total:
                new.append(row)
        return known, new

    def _merged(self, stored: Any, row: Row, shown: Values | None, number: int) -> Row:
        form = self._form(data=row, instance=stored)
        conflicts = merging.merge(form, shown)
        if DELETION_FIELD_NAME in row and shown is not None and shown != merging.values(form):
            conflicts = [Conflict(name, str(stored), _("delete")) for name in merging.compared(form)[:1]]
            del form.data[DELETION_FIELD_NAME]  # type: ignore[attr-defined] # a row that is to be deleted is not checked
        self.row_errors += [(number, conflict.field, conflict.sentence) for conflict in conflicts]
        merged: Row = form.data  # type: ignore[assignment]
        merged.setlist(self._key(), [str(stored.pk)])
        return merged

    def _form(self, **given: Any) -> forms.BaseForm:
        """The form of one row, without the foreign key to the parent, which nobody fills in."""
        form = self.form(**given)
        form.fields.pop(self.fk.name, None)
        return form

    def _key(self) -> str:
        return self.model._meta.pk.name

    def _is_touched(self, row: Row, shown: Values | None) -> bool:
        if shown is None:
            return True
        form = self._form(data=row, initial=shown)
        return bool(merging.merge(form, None))

    def _write(self, rows: list[Row], stored: int) -> None:
        data = self.data.copy()
        for name in self.data:
            if re.match(rf"{re.escape(self.prefix)}-\d+-", name):
                del data[name]
        for number, row in enumerate(rows):
            for name in row:
                data.setlist(f"{self.prefix}-{number}-{name}", row.getlist(name))
        data[f"{self.prefix}-{TOTAL_FORM_COUNT}"], data[f"{self.prefix}-{INITIAL_FORM_COUNT}"] = len(rows), stored
        self.data = data
        del self.__dict__["management_form"]  # cached from the data before

    def full_clean(self) -> None:
        super().full_clean()
        for number, field, sentence in self.row_errors:
            self.forms[number].add_error(field, sentence)


def deleted_row_message() -> str:
    return _("While this page was open, this row was deleted. Save again to add it anew.")
