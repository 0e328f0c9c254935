"""The WSGI application: `granian --interface wsgi assetmaps.wsgi:application`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from assetmaps.environment.faults import BOOT_FAILED, one_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assetmaps.settings")

with one_line(BOOT_FAILED):
    django_application = get_wsgi_application()

# Leads to models, which exist only when Django is set up.
from assetmaps.gateway import guard

application = guard(django_application)
# Only the proxies named in the environment may say who the visitor is and that the connection was
# encrypted; without names the forwarded headers are ignored, because anybody can send them.
if settings.TRUSTED_PROXIES:
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.TRUSTED_PROXIES)
