from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.mfa_policy.first_day import ABOUT_THE_DAY, COMMON_SENTENCES, FirstDayField, clean_day
from accounts.mfa_policy.requirement.flows import Choice, Outcome
from accounts.organisations.models import SecondStep


class RequirementForm(forms.Form):
    """Checks the shape of the input only; `flows.refusal` decides."""

    second_step = forms.ChoiceField(
        label=_("A second step at sign-in is"),
        choices=SecondStep.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Make a choice."), "invalid_choice": _("Make a choice.")},
    )
    required_from = FirstDayField(_("Give your colleagues a few weeks: we remind them by mail."))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "second_step" in data:
            clean_day(self, data, "required_from", is_needed=data["second_step"] == SecondStep.REQUIRED)
        return data

    @property
    def choice(self) -> Choice:
        day: date | None = self.cleaned_data["required_from"]
        return Choice(SecondStep(self.cleaned_data["second_step"]), day)

    def refuse(self, outcome: Outcome) -> None:
        field = "required_from" if outcome.name in ABOUT_THE_DAY else "second_step"
        self.add_error(field, sentence(outcome))


class ConfirmForm(RequirementForm):
    """``shown``: identifies the dry run, so that nobody confirms something else."""

    shown = forms.CharField(max_length=500, widget=forms.HiddenInput)


SENTENCES = COMMON_SENTENCES | {
    "NO_BUSINESS_ACCOUNT": _(
        "Signing in with the business account does not work here yet: nobody could sign in any more."
    ),
    "NOT_ALLOWED": _("You may not change this organisation."),
}


def sentence(outcome: Outcome) -> str:
    return str(SENTENCES[outcome.name])
