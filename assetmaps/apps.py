from django.contrib.admin.apps import AdminConfig


class AssetmapsAdminConfig(AdminConfig):
    default_site = "assetmaps.admin.AssetmapsAdminSite"
