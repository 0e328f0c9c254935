from __future__ import annotations

from typing import Any

from django import forms

from accounts import limits
from accounts.organisations.forms import ShortNameForm
from accounts.organisations.models import ShortName


class FindForm(forms.Form):
    """Where somebody is in Mijn Omgevingen. It stands in the address, so rubbish is read as nothing, not refused."""

    zoek = forms.CharField(required=False)
    pagina = forms.CharField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.full_clean()

    @property
    def words(self) -> str:
        return self.cleaned_data.get("zoek", "")[: limits.SEARCH_LONGEST].strip()

    @property
    def number(self) -> int:
        """Of the page, from 1."""
        typed = self.cleaned_data.get("pagina", "")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1

    @property
    def kept(self) -> dict[str, str]:
        """For the address of this same place."""
        place = {"zoek": self.words, "pagina": str(self.number) if self.number > 1 else ""}
        return {name: value for name, value in place.items() if value}


class LeaveForm(forms.Form):
    """``host``: what the person was told about."""

    host = forms.CharField(max_length=255)


class EnvironmentForm(ShortNameForm):
    """Of the administration."""

    kind = ShortName.Kind.ENVIRONMENT
