from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from accounts import encryption
from accounts.passwords import breached


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        encryption.check_keys()
        breached.check_address()
