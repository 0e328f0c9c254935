import gc
from types import ModuleType

from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_dependencies
from django.core.checks import Tags, register
from django.utils.translation import gettext_noop

from assetmaps import checks, collation

# A column of Django's admin index, missing from Django's Dutch catalogue; here `makemessages` finds it.
HEARD_ONLY = gettext_noop("Change or view list link")


class AssetmapsAdminConfig(SimpleAdminConfig):
    """Its pages are registered by `accounts.lazy_views.load_administration`, when the first is asked for."""

    default_site = "assetmaps.admin.AssetmapsAdminSite"

    def __init__(self, name: str, module: ModuleType) -> None:
        """The first app that is loaded, and the first that is ready once all models are.

        What is imported meanwhile stays: the garbage collector would look at it several times now, and with every
        collection later. In a worker that writes to memory that the processes share until then.
        """
        self._collected_before = gc.isenabled()  # no: the server starts, see `gunicorn.conf.py`
        gc.disable()
        super().__init__(name, module)

    def ready(self) -> None:
        """Instead of Django's, which checks only the pages that are registered already."""
        gc.freeze()
        if self._collected_before:
            gc.enable()
        register(check_dependencies, Tags.admin)
        register(checks.administration, Tags.admin)
        checks.register_all()
        collation.register()
        if settings.SENTRY_DSN:
            from assetmaps import error_reports  # here, to save start-up time

            error_reports.begin()
