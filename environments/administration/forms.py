from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.edit_conflicts.forms import MergedForm
from environments.address_change.flows import Outcome as AddressOutcome
from environments.administration.flows import Outcome
from environments.models import Role

SENTENCES = {
    Outcome.CHANGED_MEANWHILE: _(
        "While this page was open, the picture was changed. Look at the present one, and choose your file again to "
        "replace it."
    ),
    Outcome.NOT_A_PICTURE: _("This is not a picture that we can read. Choose a JPG, PNG or WebP file."),
    Outcome.TOO_MANY_PIXELS: _("This picture has too many pixels. Make it smaller first, for example 2000 by 2000."),
    Outcome.TOO_MUCH_WORK: _(
        "This picture takes too much to read. Open it, save it anew as an ordinary JPG or PNG, and choose that file."
    ),
    Outcome.BUSY: _("Other pictures are being read right now. Choose your file again in a minute."),
    Outcome.TOO_SMALL: _("This picture is too small. Choose one of at least %(side)d by %(side)d pixels."),
}

ADDRESS_REFUSALS = {
    AddressOutcome.ONES_OWN: _("You asked for this address yourself. Let a second administrator approve it, or wait."),
    AddressOutcome.CHANGED_MEANWHILE: _(
        "While this page was open, this changed. Look at what stands here now before you choose."
    ),
}


class VersionForm(forms.Form):
    """``version``: of the picture that the page showed, because a file has no value to compare; -1 when missing."""

    version = forms.IntegerField(required=False, min_value=0, max_value=999_999_999, widget=forms.HiddenInput)

    def clean_version(self) -> int:
        version: int | None = self.cleaned_data["version"]
        return -1 if version is None else version


class PictureForm(VersionForm):
    shortest_side = limits.PICTURE_SHORTEST_SIDE  # pixels
    # Not an ImageField: that tries every decoder that Pillow has. The name of the file is never used.
    picture = forms.FileField(
        label=_("Picture"),
        max_length=None,
        help_text=_("A JPG, PNG or WebP file of at most 8 MB. We cut a square out of the middle."),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty."),
        },
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean_picture(self) -> UploadedFile:
        uploaded: UploadedFile = self.cleaned_data["picture"]
        if (uploaded.size or 0) > limits.PICTURE_BYTES:
            raise forms.ValidationError(_("This file is larger than 8 MB. Choose a smaller one."))
        return uploaded

    def refuse(self, outcome: Outcome) -> None:
        self.add_error("picture", str(SENTENCES[outcome]) % {"side": self.shortest_side})


class RoleForm(MergedForm, forms.Form):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        help_text=_("Stands on the tile. What somebody may do is arranged in the environment itself."),
    )
