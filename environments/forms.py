from __future__ import annotations

from typing import Any

from django import forms

from accounts import limits
from accounts.organisations.forms import ShortNameForm
from accounts.organisations.models import ShortName


class OverviewForm(forms.Form):
    """Search and page number of Mijn Omgevingen, from the query string; invalid values are ignored, not refused."""

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
        """The query string that leads back to this page."""
        place = {"zoek": self.words, "pagina": str(self.number) if self.number > 1 else ""}
        return {name: value for name, value in place.items() if value}


class LeaveForm(forms.Form):
    """``host``: the hosts that the person was warned about."""

    host = forms.Field(widget=forms.MultipleHiddenInput)

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(self.cleaned_data["host"]) if self.is_valid() else frozenset()


class EnvironmentForm(ShortNameForm):
    """For the admin site."""

    kind = ShortName.Kind.ENVIRONMENT
