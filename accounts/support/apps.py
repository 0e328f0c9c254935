from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SupportConfig(AppConfig):
    name = "accounts.support"
    label = "support"

    def ready(self) -> None:
        from accounts.support.group import ensure_groups

        post_migrate.connect(ensure_groups, sender=self)
