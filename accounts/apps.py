from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import encryption


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        encryption.check_keys()
        if settings.BREACHED_PASSWORDS_URL:
            from accounts.passwords import breached  # here, to save start-up time

            breached.check_address()
