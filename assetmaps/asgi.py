"""The ASGI application, which gunicorn serves (see `gunicorn.conf.py`)."""

from assetmaps import wsgi  # sets Django up, which the next needs
from assetmaps.serving.intake import Intake

application = Intake(wsgi.application)
