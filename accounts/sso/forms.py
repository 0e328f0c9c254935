from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class AddressForm(forms.Form):
    email = forms.CharField(
        label=_("E-mail address of your work"),
        max_length=254,
        error_messages={"required": _("Type your e-mail address.")},
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True, "spellcheck": "false"}),
    )

    def refuse_unknown(self) -> None:
        self.add_error(
            "email",
            _("We know no business account for this address. Look whether it is right, or sign in with your password."),
        )
