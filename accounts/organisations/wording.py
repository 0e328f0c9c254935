"""What people read about what their organisation decides."""

from __future__ import annotations

from django.utils.translation import gettext as _


def second_step_is_there() -> str:
    """For somebody who showed a password only, and whose second step is at the provider."""
    return _("Your second step is with your business account. Sign in with that.")


def one_factor_at_most() -> str:
    """For somebody over whom the organisation does not decide, and who has no second step of ours."""
    return _(
        "For your account the business account alone is not enough. Sign in with your password and activate two-step "
        "authentication; then the business account works too. No password yet? Use “Forgot your password?”."
    )
