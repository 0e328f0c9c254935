from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.email_input import TypedAddressField


class AddressForm(forms.Form):
    email = TypedAddressField(label=_("E-mail address of your work"), attrs={"autofocus": True})

    def refuse_unknown(self) -> None:
        self.add_error(
            "email",
            _("We know no business account for this address. Look whether it is right, or sign in with your password."),
        )
