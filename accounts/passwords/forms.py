"""Forms for a forgotten, a new and a changed password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.email_input import TypedAddressField


class AddressForm(forms.Form):
    email = TypedAddressField(label=_("E-mail address"), attrs={"autofocus": True})


# For the browser's password manager, which then makes one that we take, and for password-advice.js.
ADVICE = {
    "passwordrules": f"minlength: {limits.PASSWORD_MIN_LENGTH}; maxlength: {limits.PASSWORD_MAX_LENGTH};",
    "data-shortest": limits.PASSWORD_MIN_LENGTH,
    "data-longest": limits.PASSWORD_MAX_LENGTH,
    "data-more-one": _("1 more character"),
    "data-more": _("{count} more characters"),
    "data-enough": _("Long enough"),
    "data-fewer-one": _("1 character too many"),
    "data-fewer": _("{count} characters too many"),
}


def _judge_length_first(field: forms.Field, refusal: Any) -> None:
    """Before anything is compared, hashed or looked up. Without an attribute ``maxlength``: a browser would cut what a
    password manager fills in, without a word."""
    field.validators.append(MaxLengthValidator(limits.PASSWORD_LONGEST_TYPED, refusal))


class NewPasswordForm(SetPasswordForm):
    """Django's form, with our words; the rules are the validators of the settings."""

    error_messages = {"password_mismatch": _("The two passwords are not the same. Type the new password twice.")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password2"].label = _("New password, once more")
        self.fields["new_password1"].help_text = _(
            "At least %(count)d characters. A short sentence is easy to remember. You may use spaces."
        ) % {"count": limits.PASSWORD_MIN_LENGTH}
        self.fields["new_password1"].widget.attrs |= ADVICE
        self.fields["new_password2"].help_text = ""
        too_long = _("This password is too long: it may have %(count)d characters at most.")
        for name in ("new_password1", "new_password2"):
            _judge_length_first(self.fields[name], too_long % {"count": limits.PASSWORD_MAX_LENGTH})
        self.fields["new_password1"].error_messages["required"] = _("Type a new password.")
        self.fields["new_password2"].error_messages["required"] = _("Type the new password once more.")

    def clean(self) -> dict[str, Any]:
        """As Django's, with every error at the first field: there the rules stand, and there one begins again."""
        self.validate_passwords("new_password2", "new_password1")
        typed = self.cleaned_data.get("new_password1", "")
        self.validate_password_for_user(self.user, "new_password1")
        if len(typed) < limits.PASSWORD_MIN_LENGTH and "new_password1" in self.errors:
            # Of one that is too short the other rules say nothing useful.
            self.errors["new_password1"].data = self.errors["new_password1"].data[:1]
        return self.cleaned_data


class ChangePasswordForm(NewPasswordForm, PasswordChangeForm):
    error_messages = NewPasswordForm.error_messages | {
        "password_incorrect": _("Your present password is not right. Type it again.")
    }
    field_order = ["old_password", "new_password1", "new_password2"]

    def __init__(self, *args: Any, is_present_password: Callable[[str], bool], **kwargs: Any) -> None:
        """``is_present_password`` judges and counts: Django's own comparison would let an open session guess on."""
        super().__init__(*args, **kwargs)
        self.is_present_password = is_present_password
        self.fields["old_password"].label = _("Present password")
        self.fields["old_password"].error_messages["required"] = _("Type your present password.")
        _judge_length_first(self.fields["old_password"], self.error_messages["password_incorrect"])

    def clean_old_password(self) -> str:
        typed = self.cleaned_data["old_password"]
        if not self.is_present_password(typed):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return typed

    def refuse_too_often(self) -> None:
        self.add_error(
            None,
            _(
                "You changed your password a few times just now. Try again in an hour, or sign out and choose "
                "“Forgot your password?”."
            ),
        )
