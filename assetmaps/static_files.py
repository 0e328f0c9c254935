"""WhiteNoise, which looks at a file when it is first asked for: reading all of them takes a tenth of the start."""

from __future__ import annotations

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Needs the setting WHITENOISE_AUTOREFRESH, with which WhiteNoise finds files by their address."""

    def find_file(self, url: str) -> StaticFile | None:
        """The file, which is looked at once; while DEBUG is on, each time."""
        if not url.startswith(self.static_prefix):
            return None
        found = self.files.get(url) or super().find_file(url)
        if found and not settings.DEBUG:
            self.files[url] = found
        return found
