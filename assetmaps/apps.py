from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_noop

from assetmaps import checks, collation

# A column of Django's admin index, missing from Django's Dutch catalogue; here `makemessages` finds it.
HEARD_ONLY = gettext_noop("Change or view list link")


class AssetmapsAdminConfig(AdminConfig):
    default_site = "assetmaps.admin.AssetmapsAdminSite"

    def ready(self) -> None:
        super().ready()
        checks.register_all()
        collation.register()
