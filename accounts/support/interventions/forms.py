from django import forms
from django.utils.translation import gettext_lazy as _


class InterventionForm(forms.Form):
    """The reason, for the audit trail and the mail to the person."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_(
            "What happened, and how you know that this is really the person. "
            "It is kept with your name, and the person reads it in the mail."
        ),
        error_messages={"required": _("Write down why: the reason is kept.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    ticket = forms.CharField(
        label=_("Ticket number"),
        help_text=_("If your own system has one."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
