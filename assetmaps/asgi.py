"""The ASGI application, which gunicorn serves (see `gunicorn.conf.py`)."""

import gc
from contextlib import suppress

from django.urls import Resolver404, resolve

from assetmaps import wsgi  # sets up Django, which the next import needs
from assetmaps.serving.application import ASGIApplication

# Django imports views and forms when it resolves the first address. Do that before gunicorn forks its workers: they
# share the memory, and no visitor waits for it.
with suppress(Resolver404):
    resolve("/no/such/address/")
# The garbage collector writes to every object that it visits, and a memory page that is written to is no longer shared.
gc.collect()
gc.freeze()

application = ASGIApplication(wsgi.application)
