"""The WSGI application: Django, and around it what is read from a request before Django sees it.

The server runs it through `assetmaps.asgi`.
"""

import os

from django.core.wsgi import get_wsgi_application

from assetmaps.environment.faults import BOOT_FAILED, one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assetmaps.settings")

with one_line(BOOT_FAILED):
    django_application = get_wsgi_application()

# Leads to models, which exist only when Django is set up.
from assetmaps.gateway import guard
from assetmaps.serving import visitors

application = visitors.forwarded(guard(django_application))
