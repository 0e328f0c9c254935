from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

DO, LEAVE, UNSURE = "do", "leave", "unsure"


class MailedQuestionForm(forms.Form):
    """The question behind a mailed link. No answer is preselected: mail scanners follow links, and some submit the form
    behind them. The answer that acts is neither first nor last, so that choosing either of those does nothing."""

    def __init__(self, *args: Any, question: Any, leave: Any, do: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.ChoiceField(
            label=question,
            choices=[(LEAVE, leave), (DO, do), (UNSURE, _("I do not know"))],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose an answer first."), "invalid_choice": _("Choose an answer first.")},
        )
