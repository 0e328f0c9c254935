from django.contrib.admin.apps import AdminConfig
from django.core.checks import Tags, register

from assetmaps import checks


class AssetmapsAdminConfig(AdminConfig):
    default_site = "assetmaps.admin.AssetmapsAdminSite"

    def ready(self) -> None:
        super().ready()
        register(checks.public_url_is_encrypted, Tags.security, deploy=True)
        register(checks.no_provider_on_a_private_address, Tags.security, deploy=True)
