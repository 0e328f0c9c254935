"""The WSGI application: Django, wrapped in what handles a request before Django. The server runs it through
`assetmaps.asgi`."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from assetmaps.configuration.errors import EXIT_BOOT_FAILED, exit_in_one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assetmaps.settings")

gc.disable()  # see `assetmaps.apps`
with exit_in_one_line(EXIT_BOOT_FAILED):
    django_application = get_wsgi_application()

# These import models, which needs Django to be set up.
from assetmaps import proxy_headers
from assetmaps.wsgi_guard import guard

application = proxy_headers.apply(guard(django_application), settings.TRUSTED_PROXIES)
gc.freeze()
gc.enable()
