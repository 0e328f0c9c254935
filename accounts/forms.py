from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.edit_conflicts.forms import MergedForm
from accounts.email_input import TypedAddressField
from accounts.flows import PasswordAnswer, Proof
from accounts.models import User
from accounts.two_factor.forms import CodeField, choice_of, offer_choice, refuse_code
from accounts.two_factor.models import Authenticator


class SignInForm(forms.Form):
    """The shape only; `flows.check_password` decides. A text field: whoever types an address wrongly gets our sentence,
    not the browser's."""

    username = TypedAddressField(label=_("E-mail address"), attrs={"autofocus": True})
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=limits.PASSWORD_LONGEST_TYPED,
        error_messages={"required": _("Type your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

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


class ProofForm(forms.Form):
    """Password, and for who has a second step also a code: of the app, or a recovery code."""

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

    def __init__(
        self, *args: Any, authenticators: list[Authenticator], without_password: bool = False, **kwargs: Any
    ) -> None:
        """``without_password``: the provider has shown who it is, and only our code is open."""
        super().__init__(*args, **kwargs)
        if without_password:
            del self.fields["password"]
        self.fields["code"].widget.attrs |= {"inputmode": "text", "placeholder": ""}
        if not authenticators:
            del self.fields["code"]
        offer_choice(self, choice_of(authenticators))

    def refuse(self, proof: Proof) -> None:
        if not proof.password_is_right:
            self.add_error(
                "password", _("This password is not right. After several wrong attempts you have to wait a while.")
            )
        elif proof.answer:
            refuse_code(self, proof.answer)


class PersonalDetailsForm(MergedForm, forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "language"]
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "language": forms.Select(attrs={"autocomplete": "language"}),
        }
