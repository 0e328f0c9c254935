from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MfaPolicyConfig(AppConfig):
    name = "accounts.mfa_policy"
    label = "enforcement"
    verbose_name = _("What organisations demand")
