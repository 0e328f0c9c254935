"""Is the provider reachable? Checked before the redirect when its metadata is cached: otherwise the visitor would get
the browser's own error page instead of ours (ASVS 16.5.2).

Only a TCP connection, without a request, so it costs the provider's application nothing.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from accounts.sso.provider import http
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry

PORTS = {"https": 443, "http": 80}


def check(metadata: Metadata, inquiry: Inquiry) -> None:
    """Connect to the token endpoint and close the connection. Raises RefusedError when that fails."""
    parts = urlsplit(metadata.token_endpoint)
    http.probe(str(parts.hostname), parts.port or PORTS[parts.scheme], inquiry)
