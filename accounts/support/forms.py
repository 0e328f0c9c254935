from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DO, LEAVE, UNSURE = "do", "leave", "unsure"


class MailedQuestionForm(forms.Form):
    """The question behind a link in a mail. Nothing is chosen beforehand: scanners of mail follow links, and some press
    the button of the page behind it; what acts lies neither first nor last, so that taking either does nothing."""

    def __init__(self, *args: Any, question: Any, leave: Any, do: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.ChoiceField(
            label=question,
            choices=[(LEAVE, leave), (DO, do), (UNSURE, _("I do not know"))],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose an answer first."), "invalid_choice": _("Choose an answer first.")},
        )
