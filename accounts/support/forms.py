from django import forms
from django.utils.translation import gettext_lazy as _


class ResetForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("What happened, and how you know that this is really the person. It is kept with your name."),
        error_messages={"required": _("Write down why: the reason is kept.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
