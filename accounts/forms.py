"""Personal details."""

from __future__ import annotations

from django import forms

from accounts.edit_conflicts.forms import MergedForm
from accounts.models import User


class PersonalDetailsForm(MergedForm, forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "language"]
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "language": forms.Select(attrs={"autocomplete": "language"}),
        }
