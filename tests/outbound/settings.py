"""The production settings, without what needs `collectstatic`."""

from assetmaps.settings import *  # noqa: F403
from assetmaps.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
