from django import forms
from django.utils.translation import gettext_lazy as _


class WordsForm(forms.Form):
    words = forms.CharField(
        label=_("The two words that the caller reads out"),
        error_messages={"required": _("Type the two words that the caller reads out.")},
        max_length=64,
    )
    words.is_secret = True  # type: ignore[attr-defined]
    words.widget.attrs |= {
        "autocomplete": "off",
        "autocapitalize": "off",
        "spellcheck": "false",
        "autofocus": True,
        "class": "read-out",
    }
