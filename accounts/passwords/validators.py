"""Rules for a new password (NIST SP 800-63B-4 section 3.1.1.2)."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import limits


class MaximumLengthValidator:
    """Refuses more than `limits.PASSWORD_MAX_LENGTH` code points, so that hashing cannot be made slow."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > limits.PASSWORD_MAX_LENGTH:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("A password has at most %(count)d characters.") % {"count": limits.PASSWORD_MAX_LENGTH}
