from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.mfa_policy.requirement.flows import Choice, Outcome
from accounts.organisations.models import SecondStep

ISO = "%Y-%m-%d"


class RequirementForm(forms.Form):
    """Checks the shape of the input only; `flows.refusal` decides."""

    second_step = forms.ChoiceField(
        label=_("A second step at sign-in is"),
        choices=SecondStep.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Make a choice."), "invalid_choice": _("Make a choice.")},
    )
    required_from = forms.DateField(
        label=_("Required from"),
        required=False,
        input_formats=[ISO, "%d-%m-%Y", "%d/%m/%Y"],
        help_text=_("Give your colleagues a few weeks: we remind them by mail."),
        error_messages={"invalid": _("Type the date as day-month-year, for example 03-03-2027.")},
        widget=forms.DateInput(attrs={"type": "date"}, format=ISO),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["required_from"].widget.attrs["min"] = timezone.localdate().isoformat()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("second_step") == SecondStep.REQUIRED:
            if data.get("required_from") is None and "required_from" not in self.errors:
                self.add_error("required_from", _("Choose the first day on which it is required."))
        elif "second_step" in data:  # the date is ignored, also a wrong one
            self.errors.pop("required_from", None)
            data["required_from"] = None
        return data

    @property
    def choice(self) -> Choice:
        day: date | None = self.cleaned_data["required_from"]
        return Choice(SecondStep(self.cleaned_data["second_step"]), day)

    def refuse(self, outcome: Outcome) -> None:
        field = "required_from" if outcome in (Outcome.IN_THE_PAST, Outcome.TOO_FAR) else "second_step"
        self.add_error(field, sentence(outcome))


class ConfirmForm(RequirementForm):
    """``shown``: identifies the dry run, so that nobody confirms something else."""

    shown = forms.CharField(max_length=500, widget=forms.HiddenInput)


def sentence(outcome: Outcome) -> str:
    match outcome:
        case Outcome.IN_THE_PAST:
            return str(_("This day is over. Choose today or a later day."))
        case Outcome.TOO_FAR:
            return str(_("This day is more than two years away. Choose an earlier day."))
        case Outcome.NO_BUSINESS_ACCOUNT:
            return str(_("Signing in with the business account does not work here yet: nobody could sign in any more."))
        case Outcome.UNCHANGED:
            return str(_("This is how it is already. Nothing was changed."))
        case Outcome.CHANGED_MEANWHILE:
            return str(_("Something changed while you were looking. Look again, then confirm."))
        case Outcome.NOT_ALLOWED:
            return str(_("You may not change this organisation."))
        case Outcome.SAVED:
            return str(_("Saved. The administrators get a mail."))
