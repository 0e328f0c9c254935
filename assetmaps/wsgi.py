"""The WSGI application: Django, and around it what is read from a request before Django sees it.

The server runs it through `assetmaps.asgi`.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from assetmaps.configuration.errors import BOOT_FAILED, one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assetmaps.settings")

with one_line(BOOT_FAILED):
    django_application = get_wsgi_application()

# Lead to models, which exist only when Django is set up.
from assetmaps import proxy_headers
from assetmaps.wsgi_guard import guard

application = proxy_headers.read(guard(django_application), settings.TRUSTED_PROXIES)
