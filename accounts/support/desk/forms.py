from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.support.models import Check


class PersonSearchForm(forms.Form):
    who = forms.CharField(
        label=_("Reference, e-mail address or name"),
        help_text=_("A reference looks like K7Q-3MZD."),
        error_messages={"required": _("Type a reference, an e-mail address or a name.")},
        max_length=254,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )


class CloseReportForm(forms.Form):
    """How the person was identified after a report, without using the mailbox."""

    check = forms.ChoiceField(choices=Check.choices)
    reason = forms.CharField(max_length=500, required=False)
