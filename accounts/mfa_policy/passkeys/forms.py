from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.mfa_policy.first_day import ABOUT_THE_DAY, COMMON_SENTENCES, FirstDayField, clean_day
from accounts.mfa_policy.passkeys.flows import Choice, Outcome
from accounts.organisations.models import PasskeyFor


class PasskeyDemandForm(forms.Form):
    """Checks the shape of the input only; `flows.refusal` decides."""

    whom = forms.ChoiceField(
        label=_("A passkey is required of"),
        choices=PasskeyFor.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Make a choice."), "invalid_choice": _("Make a choice.")},
    )
    first_day = FirstDayField(_("Give people a few weeks: we remind them by mail."))
    shown = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)  # identifies the dry run

    def __init__(self, *args: Any, of_staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of_staff:
            field: Any = self.fields["whom"]
            field.choices = [pair for pair in PasskeyFor.choices if pair[0] != PasskeyFor.EVERYBODY]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "whom" in data:
            clean_day(self, data, "first_day", is_needed=data["whom"] != PasskeyFor.NOBODY)
        return data

    @property
    def choice(self) -> Choice:
        day: date | None = self.cleaned_data["first_day"]
        return Choice(PasskeyFor(self.cleaned_data["whom"]), day)

    def refuse(self, outcome: Outcome) -> None:
        self.add_error("first_day" if outcome.name in ABOUT_THE_DAY else "whom", sentence(outcome))


SENTENCES = COMMON_SENTENCES | {
    "NO_OWN_PASSKEY": _(
        "First add a passkey yourself, under Personal details, and sign in with it once. Then you know "
        "that passkeys work here, and you get in yourself."
    ),
    "NONE_HERE": _("Browsers offer no passkeys at the address of this portal, so nobody could add one."),
    "NOT_ALLOWED": _("You may not change this."),
}


def sentence(outcome: Outcome) -> str:
    return str(SENTENCES[outcome.name])
