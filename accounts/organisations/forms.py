from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from accounts.organisations import short_names
from accounts.organisations.models import ShortName


class ShortNameForm(forms.ModelForm):
    """A form of a model with a short name in ``slug``."""

    kind: ClassVar[ShortName.Kind]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].error_messages["unique"] = str(short_names.REFUSED)

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug != self.initial.get("slug") and not short_names.is_free(self.kind, slug, self.instance.pk):
            raise forms.ValidationError(short_names.REFUSED)
        return slug


class OrganisationForm(ShortNameForm):
    kind = ShortName.Kind.ORGANISATION
