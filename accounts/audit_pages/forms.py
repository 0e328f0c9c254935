from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.audit.events import Event

# Dates beyond these do not exist in every time zone.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
RESULTS = [("", _("all")), ("succeeded", _("succeeded")), ("refused", _("refused"))]
FOLDED = ("worker", "organisation", "result", "event")
_address_help = _("Name or e-mail address, or how it begins. A former address too.")


def _day(label: Any) -> forms.DateField:
    out_of_range = _("Give a day between 2000 and 2100.")
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Give a date as day-month-year, for example 24-11-2026.")},
        validators=[MinValueValidator(FIRST_DAY, out_of_range), MaxValueValidator(LAST_DAY, out_of_range)],
    )


class SearchForm(forms.Form):
    """Sent by GET, so that a link to the result stays valid."""

    person = forms.CharField(label=_("Person"), max_length=254, required=False, help_text=_address_help)
    worker = forms.CharField(label=_("By"), max_length=254, required=False, help_text=_address_help)
    organisation = forms.CharField(
        label=_("Organisation"), max_length=150, required=False, help_text=_("The name, or how it begins.")
    )
    since = _day(_("From"))
    until = _day(_("Up to and including"))
    result = forms.ChoiceField(
        label=_("Result"),
        choices=RESULTS,
        required=False,
        error_messages={"invalid_choice": _("Choose a result from the list.")},
    )
    event = forms.MultipleChoiceField(
        label=_("What happened"),
        choices=Event.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose what happened from the list.")},
    )

    def __init__(self, *args: Any, with_organisation: bool, **kwargs: Any) -> None:
        """``with_organisation``: False for workers of one organisation; a value that they send is ignored."""
        super().__init__(*args, **kwargs)
        if not with_organisation:
            del self.fields["organisation"]

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            self.add_error("until", _("The last day lies before the first day."))
        for name in {"since", "until"} & self.errors.keys():
            # A browser empties a date field with another value, and what was typed should stay visible.
            cast(forms.DateInput, self.fields[name].widget).input_type = "text"
        return found

    def first_fields(self) -> list[forms.BoundField]:
        """Those that stand above the list; the others are folded."""
        return [field for field in self if field.name not in FOLDED]

    def folded_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name in FOLDED and field.name != "event"]

    def opens_folded(self) -> bool:
        """Is one of the folded fields filled in, or wrong?"""
        return any(field.value() or field.errors for field in self if field.name in FOLDED)

    def events(self) -> list[tuple[str, str, bool]]:
        """Value, label and whether it is checked. Django's own check boxes take a third of the time of the page."""
        checked = set(self["event"].value() or ())
        return [(value, str(name), value in checked) for value, name in Event.choices]

    def in_words(self) -> dict[str, str]:
        """The valid values, by the label of their field."""
        found = {}
        for name, value in getattr(self, "cleaned_data", {}).items():
            if value:
                found[str(self.fields[name].label)] = self._value_in_words(name, value)
        return found

    def _value_in_words(self, name: str, value: Any) -> str:
        if isinstance(value, date):
            return date_format(value, "j F Y")
        choices = dict(getattr(self.fields[name], "choices", ()))
        values = value if isinstance(value, list) else [value]
        return ", ".join(str(choices.get(one, one)) for one in values)


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        label=_("Kind of file"),
        choices=[
            ("csv", _("For a spreadsheet (CSV)")),
            ("jsonl", _("With seals, to prove that nothing was changed (JSON lines)")),
        ],
        initial="csv",
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a kind of file."),
            "invalid_choice": _("Choose a kind of file from the list."),
        },
    )
