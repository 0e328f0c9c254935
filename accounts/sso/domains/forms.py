from django import forms
from django.utils.translation import gettext_lazy as _


class DomainForm(forms.Form):
    domain = forms.CharField(
        label=_("Mail domain"),
        max_length=254,
        help_text=_("What stands behind the @ in the e-mail addresses of your colleagues, for example example.nl."),
        error_messages={"required": _("Fill in a mail domain.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("How you know that the domain belongs to this organisation. It is kept with your name."),
        error_messages={"required": _("Write down why: the reason is kept.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
