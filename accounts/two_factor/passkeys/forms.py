from __future__ import annotations

from typing import Any

from django import forms

from accounts.two_factor.passkeys import signals
from accounts.two_factor.verification import VerificationResult
from accounts.two_factor.wording import refusal


class CeremonyField(forms.CharField):
    """What a script fills in; the flow judges it, and says so in words. Never kept over a redirect."""

    is_secret = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}), **kwargs)
        self.validators = []  # an error at a hidden field would be seen by nobody


class PasskeyForm(forms.Form):
    """``ceremony``: what the page asked, sealed; ``credential``: the browser's answer, as JSON."""

    ceremony = CeremonyField()
    credential = CeremonyField()

    told = ""  # for the script of the page: a passkey that no longer works here

    def refuse(self, answer: VerificationResult) -> None:
        self.told = signals.unknown(self.cleaned_data["credential"])
        self.add_error(None, refusal(answer))
