"""What people read about what their organisation decides."""

from __future__ import annotations

from django.utils.translation import gettext as _


def one_factor_at_most() -> str:
    """For somebody over whom the organisation does not decide, and who has no second step of ours."""
    return _(
        "With your rights, the business account alone is not enough. Sign in with your password and activate two-step "
        "authentication; then the business account works too. No password yet? Use “Forgot your password?”."
    )
