from __future__ import annotations

from datetime import date

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.edit_conflicts.forms import MergedForm
from accounts.sso.credentials.key_pairs import Kind


class SecretForm(MergedForm, forms.Form):
    secret = forms.CharField(
        label=_("Secret"),
        max_length=500,
        strip=True,
        help_text=_("With Entra ID: the “Value” of the client secret, not the “Secret ID”. It is not shown again."),
        error_messages={"required": _("Fill in the secret.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    expires_on = forms.DateField(
        label=_("Expires on (optional)"),
        required=False,
        help_text=_("We send a mail in time, so that you can make a new one."),
        error_messages={"invalid": _("Fill in a date, for example 31-12-2027.")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def clean_expires_on(self) -> date | None:
        expires: date | None = self.cleaned_data["expires_on"]
        if expires and expires < timezone.localdate():
            raise forms.ValidationError(_("This date has passed. Make a new secret at the provider."))
        return expires


class KeyPairForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind of key"), choices=Kind.choices, initial=Kind.RSA, widget=forms.RadioSelect)

    def __init__(self, *args: object, for_entra: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if for_entra:  # which takes no other
            self.fields["kind"].choices = [(Kind.RSA.value, Kind.RSA.label)]  # type: ignore[attr-defined]
