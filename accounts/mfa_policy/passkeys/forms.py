from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.mfa_policy.passkeys.flows import Choice, Outcome
from accounts.organisations.models import PasskeyFor

ISO = "%Y-%m-%d"


class PasskeyDemandForm(forms.Form):
    """Checks the shape of the input only; `flows.refusal` decides."""

    whom = forms.ChoiceField(
        label=_("A passkey is required of"),
        choices=PasskeyFor.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Make a choice."), "invalid_choice": _("Make a choice.")},
    )
    first_day = forms.DateField(
        label=_("Required from"),
        required=False,
        input_formats=[ISO, "%d-%m-%Y", "%d/%m/%Y"],
        help_text=_("Give people a few weeks: we remind them by mail."),
        error_messages={"invalid": _("Type the date as day-month-year, for example 03-03-2027.")},
        widget=forms.DateInput(attrs={"type": "date"}, format=ISO),
    )
    shown = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)  # identifies the dry run

    def __init__(self, *args: Any, of_staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_day"].widget.attrs["min"] = timezone.localdate().isoformat()
        if of_staff:
            field: Any = self.fields["whom"]
            field.choices = [pair for pair in PasskeyFor.choices if pair[0] != PasskeyFor.EVERYBODY]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("whom") == PasskeyFor.NOBODY:  # the date is ignored, also a wrong one
            self.errors.pop("first_day", None)
            data["first_day"] = None
        elif "whom" in data and data.get("first_day") is None and "first_day" not in self.errors:
            self.add_error("first_day", _("Choose the first day on which it is required."))
        return data

    @property
    def choice(self) -> Choice:
        day: date | None = self.cleaned_data["first_day"]
        return Choice(PasskeyFor(self.cleaned_data["whom"]), day)

    def refuse(self, outcome: Outcome) -> None:
        field = "first_day" if outcome in (Outcome.IN_THE_PAST, Outcome.TOO_FAR) else "whom"
        self.add_error(field, sentence(outcome))


def sentence(outcome: Outcome) -> str:
    match outcome:
        case Outcome.IN_THE_PAST:
            return str(_("This day is over. Choose today or a later day."))
        case Outcome.TOO_FAR:
            return str(_("This day is more than two years away. Choose an earlier day."))
        case Outcome.NO_OWN_PASSKEY:
            return str(
                _(
                    "First add a passkey yourself, under Personal details, and sign in with it once. Then you know "
                    "that passkeys work here, and you get in yourself."
                )
            )
        case Outcome.UNCHANGED:
            return str(_("This is how it is already. Nothing was changed."))
        case Outcome.CHANGED_MEANWHILE:
            return str(_("Something changed while you were looking. Look again, then confirm."))
        case Outcome.NOT_ALLOWED:
            return str(_("You may not change this."))
        case Outcome.SAVED:
            return str(_("Saved. The administrators get a mail."))
