from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_noop

from assetmaps import checks, collation

# A column of Django's own start page, which its Dutch catalogue lacks; here it gets into ours.
HEARD_ONLY = gettext_noop("Change or view list link")


class AssetmapsAdminConfig(AdminConfig):
    default_site = "assetmaps.admin.AssetmapsAdminSite"

    def ready(self) -> None:
        super().ready()
        checks.register_all()
        collation.watch()
