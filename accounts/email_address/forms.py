from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.email_input import TypedAddressField


class NewAddressForm(forms.Form):
    """The shape only; whether somebody has the address already is never told here."""

    email = TypedAddressField(
        label=_("New e-mail address"),
        error_messages={"required": _("Type your new e-mail address.")},
        attrs={"autocomplete": "email"},
    )

    def refuse_too_often(self) -> None:
        self.add_error(
            None,
            _(
                "There were several requests for this in a short time. Look in the mailbox of the new address, "
                "also in the folder for unwanted mail, or try again in an hour."
            ),
        )

    def refuse_unchanged(self) -> None:
        self.add_error("email", _("This is your e-mail address already. Type another one."))

    def refuse_other_organisation(self) -> None:
        self.add_error(
            "email", _("This e-mail address is of another organisation. Type one of your own, or ask support.")
        )
