from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KeyRotationConfig(AppConfig):
    name = "accounts.key_rotation"
    label = "key_rotation"
    verbose_name = _("Keys")
