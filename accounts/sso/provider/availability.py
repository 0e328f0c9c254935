"""Is anybody there? Asked before a browser leaves for a provider whose description we kept: without this the visitor
would meet the browser's own error page instead of ours (ASVS 16.5.2).

A connection, and no request: a sign-in costs the provider's program nothing more.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from accounts.sso.provider import http
from accounts.sso.provider.discovery import Metadata
from accounts.sso.provider.http import Inquiry

PORTS = {"https": 443, "http": 80}


def check(metadata: Metadata, inquiry: Inquiry) -> None:
    """Connect to where the code will be exchanged, and hang up. Raises RefusedError when that does not succeed."""
    parts = urlsplit(metadata.token_endpoint)
    http.knock(str(parts.hostname), parts.port or PORTS[parts.scheme], inquiry)
