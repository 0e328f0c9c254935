"""Fields and forms for codes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.edit_conflicts.forms import MergedForm
from accounts.two_factor.models import Authenticator
from accounts.two_factor.verification import Outcome, VerificationResult
from accounts.two_factor.wording import refusal

# Pasted text may be a whole list or hold many invisible characters; the message then says what is wrong.
MAX_LENGTH = 1_000


class CodeField(forms.CharField):
    """Six digits in any notation; the flow verifies them. Never kept over a redirect."""

    is_secret = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("6-digit code"))
        kwargs.setdefault("max_length", MAX_LENGTH)
        kwargs.setdefault("error_messages", {"required": _("Type the 6-digit code from the authenticator app.")})
        super().__init__(**kwargs)
        self.widget.attrs |= {
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "autocapitalize": "off",
            "spellcheck": "false",
            "class": "code",
            "placeholder": "000 000",
        }


class RecoveryCodeField(forms.CharField):
    is_secret = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Recovery code"),
            help_text=_("One of the codes that you kept, for example ABCD-1234-EFGH-5678. Capitals do not matter."),
            error_messages={"required": _("Type one of your recovery codes.")},
            max_length=MAX_LENGTH,
            **kwargs,
        )
        self.widget.attrs |= {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class BridgeCodeField(forms.CharField):
    is_secret = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Code of support"),
            help_text=_("Eight letters and digits, for example K7N3-MZDW. Capitals do not matter."),
            error_messages={"required": _("Type the code that support read out to you.")},
            max_length=MAX_LENGTH,
            **kwargs,
        )
        self.widget.attrs |= {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


def device_choices(authenticators: list[Authenticator]) -> list[tuple[str, str]]:
    return [(str(device.pk), device.name) for device in authenticators]


class CodeForm(forms.Form):
    """A code and, with several authenticator apps, which one made it."""

    code = CodeField()

    def __init__(
        self,
        *args: Any,
        focus: bool = False,
        choice: list[tuple[str, str]] | None = None,
        **kwargs: Any,
    ) -> None:
        """``focus``: set autofocus, on a page for this code only; ``choice``: the authenticator apps as (id, name)."""
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = focus
        add_device_field(self, choice or [])

    def refuse(self, answer: VerificationResult) -> None:
        add_code_error(self, answer)


class CombinedCodeForm(forms.Form):
    """A code of the app or a recovery code, verified together with the password typed before."""

    code = CodeField(
        label=_("6-digit code, or a recovery code"),
        error_messages={"required": _("Type the 6-digit code from the authenticator app, or a recovery code.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "text", "placeholder": "", "autofocus": True}

    def refuse(self) -> None:
        self.add_error(
            None,
            _(
                "E-mail address, password and code do not fit together. Sign in again, or choose a new password with "
                "“Forgot your password?”; after that you can sign in at once."
            ),
        )


class NamedCodeForm(CodeForm):
    """The code that confirms an authenticator app, and its name."""

    code = CodeField(label=_("6-digit code from the app"))
    name = forms.CharField(
        label=_("Name of this device"),
        max_length=40,
        required=False,
        help_text=_("You may leave this as it is. It lets you recognise your phone later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # The name first: the code is submitted as soon as it is complete.
    field_order = ["name", "code"]


class NameForm(MergedForm, forms.Form):
    name = forms.CharField(
        label=_("Name of this device"),
        max_length=40,
        error_messages={"required": _("Type a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        """On one line: a browser sends no other, and mails name the device in theirs."""
        return " ".join(self.cleaned_data["name"].split())


class RecoveryCodeForm(forms.Form):
    code = RecoveryCodeField()

    def refuse(self, answer: VerificationResult) -> None:
        add_code_error(self, answer)


class BridgeCodeForm(forms.Form):
    code = BridgeCodeField()


def add_device_field(form: forms.Form, choice: list[tuple[str, str]]) -> None:
    """With several authenticator apps, ask which one made the code; the last used is preselected."""
    if len(choice) > 1:
        form.fields["device"] = forms.ChoiceField(
            label=_("Which device?"),
            choices=choice,
            required=False,
            initial=choice[0][0],
            widget=forms.Select(attrs={"autocomplete": "off"}),
        )
        form.order_fields(["password", "device", "code"])


def add_code_error(form: forms.Form, answer: VerificationResult) -> None:
    """Add the error to the field, and preselect the app that made the code, for its next code."""
    form.add_error("code", refusal(answer))
    if answer.outcome is Outcome.OTHER_DEVICE and answer.owner and "device" in form.fields:
        form.data = form.data.dict() | {"device": str(answer.owner.device_id)}  # type: ignore[attr-defined]
