from django import forms
from django.utils.translation import gettext_lazy as _


class InterventionForm(forms.Form):
    """The reason, for the audit trail and the mail to the person."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("What happened, and how do you know who it is? The person reads this in the mail."),
        error_messages={"required": _("Write down why: the reason is kept.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    ticket = forms.CharField(
        label=_("Ticket number (optional)"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
