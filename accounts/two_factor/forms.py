"""The field for a code, and the sentences that say why one was refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

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


class CodeForm(forms.Form):
    code = CodeField()

    def __init__(self, *args: Any, focus: bool = False, **kwargs: Any) -> None:
        """``focus``: the page is about nothing but this code, so the cursor may stand in it at once."""
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = focus

    def refuse(self, answer: Answer) -> None:
        self.add_error("code", refusal(answer))


def refusal(answer: Answer) -> str:
    """Why a code was refused and what to do now, in one or two sentences."""
    text = _explanation(answer)
    if answer.waits_until and answer.outcome is not Outcome.WAITING:
        text = f"{text} {_wait(answer)}"
    return text


def _explanation(answer: Answer) -> str:
    match answer.outcome:
        case Outcome.NOT_A_CODE:
            return str(_("A code has exactly 6 digits. Look in the authenticator app and type it again."))
        case Outcome.USED:
            return str(_("This code was used already. Wait until the app shows the next one, at most half a minute."))
        case Outcome.CLOCK_OFF:
            return _clock_off(answer.minutes_off)
        case Outcome.WAITING:
            return _wait(answer)
        case _:
            return str(_("This code is not right. Look in the authenticator app, and type the code it shows now."))


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
