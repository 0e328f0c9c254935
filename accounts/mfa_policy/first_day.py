"""The first day on which something is required: its field, and what is said of a choice that has one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ISO = "%Y-%m-%d"


class FirstDayInput(forms.DateInput):
    input_type = "date"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, {"min": timezone.localdate().isoformat()} | (attrs or {}))


class FirstDayField(forms.DateField):
    def __init__(self, help_text: Any) -> None:
        super().__init__(
            label=_("Required from"),
            required=False,
            input_formats=[ISO, "%d-%m-%Y", "%d/%m/%Y"],
            help_text=help_text,
            error_messages={"invalid": _("Type the date as day-month-year, for example 03-03-2027.")},
            widget=FirstDayInput(format=ISO),
        )


def clean_day(form: forms.Form, data: dict[str, Any], name: str, *, is_needed: bool) -> None:
    """The day ``name`` of a valid choice: ignored, also a wrong one, where none is needed."""
    if not is_needed:
        form.errors.pop(name, None)
        data[name] = None
    elif data.get(name) is None and name not in form.errors:
        form.add_error(name, _("Choose the first day on which it is required."))


# By the name of an outcome.
COMMON_SENTENCES: dict[str, Promise] = {
    "IN_THE_PAST": _("This day is over. Choose today or a later day."),
    "TOO_FAR": _("This day is more than two years away. Choose an earlier day."),
    "UNCHANGED": _("This is how it is already. Nothing was changed."),
    "CHANGED_MEANWHILE": _("Something changed while you were looking. Look again, then confirm."),
    "SAVED": _("Saved. The administrators get a mail."),
}
ABOUT_THE_DAY = frozenset({"IN_THE_PAST", "TOO_FAR"})
