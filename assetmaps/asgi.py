"""The ASGI application, which gunicorn serves (see `gunicorn.conf.py`)."""

import gc
from contextlib import suppress

from django.urls import Resolver404, resolve

from assetmaps import wsgi  # sets Django up, which the next needs
from assetmaps.serving.application import Intake

# Django imports views and forms when the first address is looked up. Here that is before the workers are made, so that
# they share the memory and no visitor waits for it.
with suppress(Resolver404):
    resolve("/no/such/address/")
# The collector writes on every object that it looks at, and a page that is written on is shared no longer.
gc.collect()
gc.freeze()

application = Intake(wsgi.application)
