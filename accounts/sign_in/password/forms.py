from __future__ import annotations

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.email_input import TypedAddressField
from accounts.sign_in.password.flows import PasswordAnswer


class SignInForm(forms.Form):
    """The shape only; `flows.check_password` decides. A text field: a mistyped address gets our error message, not the
    browser's."""

    username = TypedAddressField(
        label=_("E-mail address"), attrs={"autofocus": True, "autocomplete": "username webauthn"}
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=limits.PASSWORD_LONGEST_TYPED,
        error_messages={"required": _("Type your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def begin_with(self, address: str) -> None:
        """Fill in an address that is known, such as of who just chose a password; the next field is then the first."""
        if address:
            self.initial["username"] = address
            self.fields["username"].widget.attrs.pop("autofocus", None)
            self.fields["password"].widget.attrs["autofocus"] = True

    def refuse(self, answer: PasswordAnswer) -> None:
        if answer.network_waits_until:
            until = timezone.localtime(answer.network_waits_until)
            text = _("There were too many wrong attempts from your network. You can sign in again after %(time)s.")
            self.add_error(None, text % {"time": date_format(until, "H:i")})
            return
        if answer.business_account_only:
            self.add_error(None, _("Your organisation takes the business account only. Sign in with that."))
            return
        self.add_error(
            None,
            _(
                "This combination of e-mail address and password is not right. Check both and try again. "
                "After several wrong attempts you have to wait a while."
            ),
        )
