"""The ASGI application, which gunicorn serves (see `gunicorn.conf.py`)."""

import gc
import io
import sys
from contextlib import closing
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.sql import compiler  # noqa: F401 - see `warm`
from django.template.loader import get_template
from django.urls import resolve
from django.utils.formats import get_format
from django.utils.module_loading import import_string
from uvicorn.lifespan import off  # noqa: F401
from uvicorn.loops import uvloop  # noqa: F401

from accounts import encryption
from assetmaps import wsgi  # sets up Django, which the next imports need
from assetmaps.serving import protocol  # noqa: F401
from assetmaps.serving.application import ASGIApplication

# What a sign-in goes through: its pages, and templates beside that of the first.
FIRST_PAGES = ("/inloggen/", "/inloggen/verificatie/", "/")
FIRST_TEMPLATES = ("accounts/two_factor/challenge.html", "environments/overview.html")


def warm() -> None:
    """Load what nearly every visitor needs before gunicorn forks its workers: they share the memory, and no visitor
    waits for it. The rest is loaded by the worker that first needs it.

    Answers the page to sign in once, which also reads templates and translations, and touches neither the database nor
    the cache.
    """
    for address in FIRST_PAGES:
        resolve(address)
    for template in FIRST_TEMPLATES:
        get_template(template)
    import_string(settings.CACHES["default"]["BACKEND"])
    get_format("DATE_FORMAT")
    encryption.load()
    public = urlsplit(settings.PUBLIC_URL)
    request = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": FIRST_PAGES[0],
        "SERVER_NAME": public.hostname,
        "SERVER_PORT": str(public.port or 443),
        "HTTP_HOST": public.netloc,
        "REMOTE_ADDR": "192.0.2.1",  # of no network (RFC 5737): a trusted proxy would have to say more
        "wsgi.url_scheme": public.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    with closing(wsgi.application(request, lambda *answer: None)) as page:  # type: ignore[type-var]
        b"".join(page)


gc.disable()  # see `assetmaps.apps`
warm()
gc.freeze()
gc.enable()

application = ASGIApplication(wsgi.application)
