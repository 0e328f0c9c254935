"""Three-way merge of a form: what the page showed, what was typed, and what is stored now.

Own code: the maintained libraries (django-concurrency, django-optimistic-lock) version a whole row, and so refuse a
change of one field because another one changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from accounts.edit_conflicts.page_state import Values
from accounts.unicode_text import normalise, shortened

LONGEST_TOLD = 100  # characters of a value in a sentence


class Conflict(NamedTuple):
    """A field that both people changed, with both values as texts."""

    field: str
    stored: str
    typed: str

    @property
    def sentence(self) -> str:
        told = _(
            "While this page was open, this was changed. Now stored: “%(stored)s”. Yours: “%(typed)s”. "
            "Save again to store what stands here now."
        )
        return told % {"stored": self.stored, "typed": self.typed}


def compared(form: forms.BaseForm) -> list[str]:
    """The fields whose value a page shows and changes; a file field shows none."""
    return [n for n, field in form.fields.items() if not (field.disabled or isinstance(field, forms.FileField))]


def values(form: forms.BaseForm) -> Values:
    """The values that the form shows initially."""
    return {name: _plain(form, name) for name in compared(form)}


def _plain(form: forms.BaseForm, name: str) -> Any:
    field = form.fields[name]
    value = field.prepare_value(form.get_initial_for_field(field, name))
    if isinstance(field, forms.BooleanField):
        return bool(value)
    if _takes_many(field):
        return sorted(str(one) for one in value or ())
    if isinstance(value, str | int):
        return str(value)
    # A date as its field shows it; an empty field is "".
    return "" if value is None else str(field.widget.format_value(value))


def _takes_many(field: forms.Field) -> bool:
    return isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)


def _differs(field: forms.Field, before: Any, typed: Any) -> bool:
    if not field.has_changed(before, typed):
        return False
    # Neither another Unicode normal form nor surrounding spaces are a change.
    if isinstance(field, forms.CharField) and isinstance(before, str) and isinstance(typed, str):
        return normalise("NFC", before.strip()) != normalise("NFC", typed.strip())
    return True


def merge(form: forms.BaseForm, shown: Values | None, linked_fields: frozenset[str] = frozenset()) -> list[Conflict]:
    """Replace everything that the person did not change by the stored value. Returns the fields that both changed.

    ``form``: bound, with the stored values as initial ones. ``shown`` None: unknown what the page showed, so every
    difference may be somebody else's change. ``linked_fields``: fields that make sense only as a whole.
    """
    moved = {name for name in shown or () if name in form.fields and shown and shown[name] != _plain(form, name)}
    if moved & linked_fields:
        moved |= linked_fields
    data: MultiValueDict = form.data.copy()  # type: ignore[attr-defined]
    conflicts = []
    for name in compared(form):
        field, stored, typed = form.fields[name], _plain(form, name), form[name].data
        if shown is not None and (name not in shown or not _differs(field, shown[name], typed)):
            _write(data, form.add_prefix(name), stored)
        elif _differs(field, stored, typed) and (shown is None or name in moved):
            conflicts.append(Conflict(name, in_words(field, stored), in_words(field, typed)))
            if shown is not None and _takes_many(field):
                _write(data, form.add_prefix(name), _both(shown[name], stored, typed or ()))
    form.data = data
    return conflicts


def _both(shown: Iterable[str], stored: Iterable[str], typed: Iterable[Any]) -> list[str]:
    """For checkboxes: the stored choices, with those that this person ticked and without those that were unticked."""
    before, mine = set(shown), {str(one) for one in typed}
    return sorted((set(stored) | (mine - before)) - (before - mine))


def _write(data: Any, key: str, value: Any) -> None:
    """As a browser posts it."""
    if isinstance(value, list):
        data.setlist(key, value)
    elif value is False:
        data.pop(key, None)
    else:
        data[key] = "on" if value is True else value


def in_words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return _("yes") if field.to_python(value) else _("no")
    many = [str(one) for one in (value or ())] if isinstance(value, list | tuple) else [str(value or "")]
    if isinstance(field, forms.ModelChoiceField):
        keys = [one for one in many if one.isascii() and one.isdigit() and len(one) < 19]
        found = field.queryset.filter(pk__in=keys) if field.queryset is not None else []
        many = [str(field.label_from_instance(one)) for one in found]
    elif isinstance(field, forms.ChoiceField):
        labels = {str(key): str(label) for key, label in field.choices}  # type: ignore[misc, union-attr]
        many = [labels.get(one, one) for one in many]
    return shortened(", ".join(many), LONGEST_TOLD) or "-"
