"""Texts about the sign-in policy of an organisation."""

from __future__ import annotations

from django.utils.translation import gettext as _


def second_step_is_there() -> str:
    """For somebody who gave a password only, and whose second factor is at the provider."""
    return _("Your second step is with your business account. Sign in with that.")


def one_factor_at_most() -> str:
    """For somebody whom the organisation's settings do not govern, and who has no second factor here."""
    return _(
        "For your account the business account alone is not enough. Sign in with your password and activate two-step "
        "authentication; then the business account works too. No password yet? Use “Forgot your password?”."
    )
