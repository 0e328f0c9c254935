from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.sign_in.fresh_proof.flows import Proof
from accounts.two_factor.codes import parse_recovery_code
from accounts.two_factor.devices import Situation
from accounts.two_factor.forms import CodeField, add_code_error, add_device_field, device_choices


class ProofForm(forms.Form):
    """Password, and where there is a second factor also a code: from the app, or a recovery code."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=limits.PASSWORD_LONGEST_TYPED,
        error_messages={"required": _("Type your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    code = CodeField(
        label=_("6-digit code, or a recovery code"),
        error_messages={"required": _("Type the 6-digit code from the authenticator app, or a recovery code.")},
    )

    def __init__(self, *args: Any, mine: Situation, without_password: bool = False, **kwargs: Any) -> None:
        """``without_password``: the provider has shown who it is, and only our code is open."""
        super().__init__(*args, **kwargs)
        if without_password:
            del self.fields["password"]
        self.fields["code"].widget.attrs |= {"inputmode": "text", "placeholder": ""}
        if not mine.has_factor:
            del self.fields["code"]
        elif not mine.authenticators:  # a passkey only; beside it, recovery codes
            self.fields["code"].label = _("Recovery code")
        add_device_field(self, device_choices(mine.authenticators))

    def has_recovery_code(self) -> bool:
        """Where a passkey is required, a code of the app does not count: it is refused before it is used up."""
        if parse_recovery_code(self.cleaned_data.get("code", "")):
            return True
        self.add_error("code", _("Here only a recovery code counts, or your passkey."))
        return False

    def refuse(self, proof: Proof) -> None:
        if not proof.password_is_right:
            self.add_error(
                "password", _("This password is not right. After several wrong attempts you have to wait a while.")
            )
        elif proof.answer:
            add_code_error(self, proof.answer)
