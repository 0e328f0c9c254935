"""The fields for codes, and the sentences that say why one was refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.two_factor.models import Authenticator
from accounts.two_factor.verification import Answer, Outcome


class CodeField(forms.CharField):
    """Six digits, typed in any way; the flow judges them. Never carried over a redirect."""

    is_secret = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("6-digit code"))
        kwargs.setdefault("max_length", 64)
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
            max_length=64,
            **kwargs,
        )
        self.widget.attrs |= {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class BridgeCodeField(forms.CharField):
    is_secret = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Code of support"),
            help_text=_("Eight letters and digits, for example K7Q3-MZDW. Capitals do not matter."),
            error_messages={"required": _("Type the code that support read out to you.")},
            max_length=64,
            **kwargs,
        )
        self.widget.attrs |= {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


def choice_of(authenticators: list[Authenticator]) -> list[tuple[str, str]]:
    return [(str(device.pk), device.name) for device in authenticators]


class CodeForm(forms.Form):
    """A code, and with several authenticator apps: of which one."""

    code = CodeField()

    def __init__(
        self,
        *args: Any,
        focus: bool = False,
        choice: list[tuple[str, str]] | None = None,
        **kwargs: Any,
    ) -> None:
        """``focus``: the page is about nothing but this code, so the cursor may stand in it at once; ``choice``: the
        authenticator apps as (id, name)."""
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = focus
        offer_choice(self, choice or [])

    def refuse(self, answer: Answer) -> None:
        self.add_error("code", refusal(answer))


class NamedCodeForm(CodeForm):
    """The code that confirms an authenticator app, and what to call it."""

    name = forms.CharField(
        label=_("Name of this device"),
        max_length=40,
        required=False,
        help_text=_("You may leave this as it is. It lets you recognise your phone later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # Before the code, which is sent as soon as it is complete.
    field_order = ["name", "code"]


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("Name of this device"),
        max_length=40,
        error_messages={"required": _("Type a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RecoveryCodeForm(forms.Form):
    code = RecoveryCodeField()

    def refuse(self, answer: Answer) -> None:
        self.add_error("code", recovery_refusal(answer))


class BridgeCodeForm(forms.Form):
    code = BridgeCodeField()


def offer_choice(form: forms.Form, choice: list[tuple[str, str]]) -> None:
    """With more than one authenticator app, ask which one made the code; the last used is chosen already."""
    if len(choice) > 1:
        form.fields["device"] = forms.ChoiceField(
            label=_("Which device?"),
            choices=choice,
            required=False,
            initial=choice[0][0],
            widget=forms.Select(attrs={"autocomplete": "off"}),
        )
        form.order_fields(["password", "device", "code"])


def refusal(answer: Answer) -> str:
    """Why a code was refused and what to do now, in one or two sentences."""
    text = _explanation(answer)
    if answer.closes:
        return f"{text} {_closed()}"
    if answer.waits_until and answer.outcome is not Outcome.WAITING:
        text = f"{text} {_wait(answer)}"
    return text


def recovery_refusal(answer: Answer) -> str:
    match answer.outcome:
        case Outcome.NOT_A_CODE:
            return str(_("A recovery code has 16 letters and digits. Look at your list and type it again."))
        case Outcome.WRONG:
            text = str(_("This recovery code is not right, or was used already. Try the next one on your list."))
            return f"{text} {_wait(answer)}" if answer.waits_until else text
        case _:
            return refusal(answer)


def _explanation(answer: Answer) -> str:
    match answer.outcome:
        case Outcome.NOT_A_CODE:
            return str(_("A code has exactly 6 digits. Look in the authenticator app and type it again."))
        case Outcome.USED:
            return str(
                _(
                    "This code was used already, or is too old. "
                    "Wait until the app shows the next one, at most half a minute."
                )
            )
        case Outcome.CLOCK_OFF:
            return _clock_off(answer.minutes_off)
        case Outcome.WAITING:
            return _wait(answer)
        case Outcome.CLOSED:
            return _closed()
        case _:
            return str(_("This code is not right. Look in the authenticator app, and type the code it shows now."))


def _closed() -> str:
    return str(
        _(
            "There were too many wrong codes, so signing in with a code is closed. Somebody may know your "
            "password. Choose a new one with “Forgot your password?”; after that you can try again."
        )
    )


def _clock_off(minutes: int) -> str:
    count = abs(minutes)
    if minutes > 0:
        what = ngettext(
            "The clock of your phone is %(count)d minute ahead.",
            "The clock of your phone is %(count)d minutes ahead.",
            count,
        )
    else:
        what = ngettext(
            "The clock of your phone is %(count)d minute behind.",
            "The clock of your phone is %(count)d minutes behind.",
            count,
        )
    cure = _(
        "Let it set the time itself. iPhone: Settings > General > Date & Time > Set Automatically. "
        "Android: Settings > System > Date & time > Set time automatically. Then type the new code."
    )
    return f"{what % {'count': count}} {cure}"


def _wait(answer: Answer) -> str:
    assert answer.waits_until is not None  # noqa: S101 - every waiting answer has its time
    until = timezone.localtime(answer.waits_until)
    today = until.date() == timezone.localdate()
    at = date_format(until, "H:i") if today else date_format(until, "j F H:i")
    return str(_("There were too many wrong codes. You can try again after %(time)s.") % {"time": at})
