from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActiveSessionsConfig(AppConfig):
    name = "accounts.active_sessions"
    label = "active_sessions"
    verbose_name = _("Active sessions")
