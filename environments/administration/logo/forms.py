from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import limits
from environments.administration.forms import PictureForm


class LogoForm(PictureForm):
    """``version``: the number of the logo that the page showed; 0 for none."""

    shortest_side = limits.LOGO_SHORTEST_SIDE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["picture"].label = _("Logo")
        self.fields["picture"].help_text = _("A JPG, PNG or WebP file of at most 8 MB.")
